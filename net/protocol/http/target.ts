// Target: which service and method a request line names. One object per IO thread, overwritten by the next request.

/** A parsed request target: `/movies.Search/search?text=star`. */
export class Target {
  /** Without the query. */
  path = '';
  service = '';
  method = '';
  /** After the `?`, undecoded. */
  query = '';

  /**
   * Reads a request target in origin form, or in the absolute form that proxies send. False when it does not have
   * the form `/Service/method`; `path` and `query` hold all the same. Names are compared byte for byte: a
   * percent-encoded name is another name.
   */
  read(url: string): boolean {
    const origin = url.charCodeAt(0) === slash ? url : originForm(url);
    const mark = origin.indexOf('?');
    this.path = mark === -1 ? origin : origin.slice(0, mark);
    this.query = mark === -1 ? '' : origin.slice(mark + 1);
    const middle = this.path.indexOf('/', 1);
    if (middle <= 1 || middle === this.path.length - 1) return false;
    this.service = this.path.slice(1, middle);
    this.method = this.path.slice(middle + 1);
    return true;
  }
}

const slash = 47;

function originForm(url: string): string {
  const authority = /^https?:\/\/[^/?]*/i.exec(url)?.[0];
  if (authority === undefined) return '';
  const rest = url.slice(authority.length);
  return rest.charCodeAt(0) === slash ? rest : `/${rest}`;
}
