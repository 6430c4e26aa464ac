// readTarget: which service and method a request line names. Pure; on IO threads, once for each head that is not known.

/** A parsed request target: `/movies.Search/search?text=star`. */
export interface Target {
  /** Without the query. */
  readonly path: string;
  /** Empty, as `method` is, when the target does not have the form `/Service/method`. */
  readonly service: string;
  readonly method: string;
  /** After the `?`, undecoded. */
  readonly query: string;
}

/**
 * Reads a request target in origin form, or in the absolute form that proxies send. Names are compared byte for byte: a
 * percent-encoded name is another name.
 */
export function readTarget(url: string): Target {
  const origin = url.charCodeAt(0) === slash ? url : originForm(url);
  const mark = origin.indexOf('?');
  const path = mark === -1 ? origin : origin.slice(0, mark);
  const query = mark === -1 ? '' : origin.slice(mark + 1);
  const middle = path.indexOf('/', 1);
  if (middle <= 1 || middle === path.length - 1) return { path, service: '', method: '', query };
  return { path, service: path.slice(1, middle), method: path.slice(middle + 1), query };
}

const slash = 47;

function originForm(url: string): string {
  const authority = /^https?:\/\/[^/?]*/i.exec(url)?.[0];
  if (authority === undefined) return '';
  const rest = url.slice(authority.length);
  return rest.charCodeAt(0) === slash ? rest : `/${rest}`;
}
