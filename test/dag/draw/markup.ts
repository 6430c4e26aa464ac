// A reader of XML and of HTML written like it, strict enough for tests: every tag closed, every attribute quoted once,
// no bare `<` or `&`; the text of elements and attributes comes out unescaped.

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (Element | string)[];
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const tag = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y;

/** The root element. Throws an Error that says where it is not well-formed. */
export function parseMarkup(markup: string): Element {
  const root: Element = { name: '', attributes: {}, children: [] };
  const open = [root];
  let at = markup.startsWith('<!DOCTYPE html>') ? 15 : 0;
  while (at < markup.length) {
    const inside = open.at(-1)!;
    if (inside.name === 'script' || inside.name === 'style') {
      const end = markup.indexOf(`</${inside.name}>`, at);
      if (end === -1) throw new Error(`${inside.name} is never closed`);
      inside.children.push(markup.slice(at, end));
      at = end;
    } else if (markup[at] !== '<') {
      const end = markup.indexOf('<', at);
      inside.children.push(plainText(markup.slice(at, end === -1 ? undefined : end)));
      at = end === -1 ? markup.length : end;
      continue;
    }
    tag.lastIndex = at;
    const match = tag.exec(markup);
    if (match === null) throw new Error(`no tag at ${at}: ${markup.slice(at, at + 60)}`);
    const [whole, closing, name = '', attributes = '', empty] = match;
    at += whole.length;
    if (closing === '/') {
      if (name !== inside.name) throw new Error(`</${name}> closes <${inside.name}> at ${at}`);
      open.pop();
      continue;
    }
    const element: Element = { name, attributes: attributesOf(attributes), children: [] };
    inside.children.push(element);
    if (empty !== '/') open.push(element);
  }
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name}> is never closed`);
  const [element] = root.children.filter((child) => typeof child !== 'string');
  return element!;
}

/** It and all in it, in their order. */
export function* elementsOf(element: Element): Generator<Element> {
  yield element;
  for (const child of element.children) if (typeof child !== 'string') yield* elementsOf(child);
}

/** Elements with all these classes. */
export function byClass(element: Element, ...classes: string[]): Element[] {
  return [...elementsOf(element)].filter(({ attributes }) => {
    const found = (attributes.class ?? '').split(' ');
    return classes.every((name) => found.includes(name));
  });
}

export function textOf({ name, children }: Element): string {
  if (name === 'script' || name === 'style') return '';
  return children.map((child) => (typeof child === 'string' ? child : textOf(child))).join(' ');
}

function attributesOf(written: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', value = ''] of written.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (name in attributes) throw new Error(`${name} is given twice`);
    attributes[name] = plainText(value);
  }
  return attributes;
}

function plainText(text: string): string {
  return text.replace(/&([^;]{0,8});?/g, (whole, name: string) => {
    const character = entities[name];
    if (character === undefined || !whole.endsWith(';')) throw new Error(`bare & in ${text.slice(0, 80)}`);
    return character;
  });
}
