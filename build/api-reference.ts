// apiReference: docs/api.md, made from the declarations of the build, so that it can't say anything else than the types and
// docstrings do. build/generate-api.ts writes it, test/cli/package.test.ts compares.

import { type Declaration, declarationsOf, exportsOf, readable, sourceOf } from './declarations.ts';

/** What each entry of package.json is made of. */
const entries = {
  heddle: 'index.ts',
  'heddle/client': 'client.ts',
  'heddle/plugin': 'plugin.ts',
  'heddle/testing': 'testing.ts',
};

/** A section, and the sources whose exports stand in it: files or folders. `plugin:` is what heddle/plugin alone has. */
const sections: readonly (readonly [title: string, ...sources: string[]])[] = [
  ['Contracts and codecs', 'net/service/contract.ts', 'net/codec/', 'net/compression/', 'runtime/call.ts'],
  [
    'Handlers and fibers',
    'net/service/implement.ts',
    'net/jobs/',
    'runtime/fiber/',
    'runtime/logger.ts',
    'runtime/metrics/metrics.ts',
  ],
  ['Clients', 'net/client/'],
  ['Errors', 'runtime/errors.ts'],
  ['Servers', 'net/server/', 'runtime/clock.ts', 'runtime/restart-policy.ts'],
  ['Strategies in code', 'dag/', 'runtime/strategies.ts'],
  ['Plugins and extension points', 'runtime/plugin.ts', 'runtime/plugins/', 'runtime/metrics/metric-reader.ts'],
  ['Calls as protocols carry them', 'plugin:runtime/call.ts', 'runtime/metadata.ts', 'runtime/timer-wheel.ts'],
  ['Simulated tests', 'testing/'],
  ['Settings and config', 'config/', 'document/', 'runtime/settings.ts', 'runtime/jobs.ts'],
];

/** A public name. Its declarations: one, or the overloads of a function. */
export interface ApiName {
  name: string;
  /** Entries that export it: `heddle`. */
  entries: string[];
  source: string;
  declarations: Declaration[];
}

/** All names that the entries export. `folder` is that of the build. */
export function apiNames(folder: string): ApiName[] {
  const names = new Map<string, ApiName>();
  for (const [specifier, entry] of Object.entries(entries)) {
    for (const { name, source } of exportsOf(folder, entry)) {
      const known = names.get(name);
      if (known !== undefined && known.source !== source) {
        throw new Error(`${name} is in ${known.source} and in ${source}: one name should be one thing in all entries`);
      }
      known?.entries.push(specifier);
      if (known === undefined) names.set(name, { ...named(folder, source, name), entries: [specifier] });
    }
  }
  return [...names.values()];
}

function named(folder: string, source: string, name: string): ApiName {
  const declarations = declarationsOf(folder, source).filter((one) => one.name === name);
  return { name, entries: [], source, declarations };
}

/** The whole page. */
export function apiReference(folder: string): string {
  const names = apiNames(folder);
  const anchors = new Map<string, number>();
  const page = [...sections.map(([title]) => title), shapesTitle].map((title) => {
    const all = title === shapesTitle ? mentioned(folder, names) : names.filter((name) => sectionOf(name) === title);
    const listed = [...all].sort((a, b) => order(a.name, b.name));
    const link = anchorOf(title, anchors);
    const contents = listed.map(({ name }) => `[${name}](#${anchorOf(name, anchors)})`).join(' · ');
    const text = title === shapesTitle ? ['', ...shapesText] : [];
    return {
      contents: ['', `**[${title}](#${link})**  `, contents],
      lines: ['', `## ${title}`, ...text, ...listed.flatMap(nameLines)],
    };
  });
  const lines = [...introduction, ...page.flatMap(({ contents }) => contents), ...page.flatMap((one) => one.lines)];
  return `${lines.join('\n')}\n`;
}

/** The headings of the page take their anchors in the order in which they stand in it, as Markdown's readers give them. */
function anchorOf(heading: string, taken: Map<string, number>): string {
  const anchor = heading.toLowerCase().replaceAll(' ', '-');
  const count = taken.get(anchor) ?? 0;
  taken.set(anchor, count + 1);
  return count === 0 ? anchor : `${anchor}-${count}`;
}

/** By letters; of `strategy` and `Strategy` first the value. */
function order(a: string, b: string): number {
  return a.localeCompare(b, 'en');
}

function sectionOf({ name, source, entries: from }: ApiName): string {
  const keys = from.includes('heddle') ? [source] : [`plugin:${source}`, source];
  for (const key of keys) {
    const found = sections.find(([, ...sources]) =>
      sources.some((one) => key === one || (one.endsWith('/') && key.startsWith(one))),
    );
    if (found !== undefined) return found[0];
  }
  throw new Error(`No section takes ${name} of ${source}; name the file in build/api-reference.ts`);
}

function nameLines({ name, entries: from, declarations }: ApiName): string[] {
  const lines = ['', `### ${name}`];
  if (from.length > 0 && !from.includes('heddle')) lines.push('', `From \`${from.join('` and `')}\` alone.`);
  for (const declaration of declarations) {
    // An overload without a docstring of its own stands with the one before it.
    if (declaration.doc === '' && lines.at(-1) === '```') lines.pop();
    else lines.push('', ...(declaration.doc === '' ? [] : [declaration.doc, '']), '```ts');
    lines.push(readable(declaration), '```');
  }
  return lines;
}

const shapesTitle = 'Shapes without a name to import';
const shapesText = [
  'Options and results that the declarations above mention. TypeScript knows them where they are used; nobody has to write',
  'their names.',
];

/** Types that compute other types: nobody reads them to know a shape. */
const computing = /^(?:export )?(?:declare )?type \w+</;

/** What the names mention beside each other, and what that mentions. */
function mentioned(folder: string, names: readonly ApiName[]): ApiName[] {
  const seen = new Map(names.map((one) => [`${one.source} ${one.name}`, one]));
  // A Map may grow while it is walked.
  for (const one of seen.values()) {
    for (const word of wordsIn(one)) {
      const from = sourceOf(folder, one.source, word);
      if (from === undefined || seen.has(`${from} ${word}`)) continue;
      const found = named(folder, from, word);
      if (!found.declarations.some(({ text }) => computing.test(text))) seen.set(`${from} ${word}`, found);
    }
  }
  return [...seen.values()].slice(names.length);
}

/**
 * What may be names of types, or of values that types are taken from. The fields of `Server`, and of classes that nobody
 * can import, are parts of Heddle.
 */
function wordsIn({ name, entries: from, declarations }: ApiName): Set<string> {
  const isInside = name === 'Server' || (from.length === 0 && declarations.some(({ kind }) => kind === 'class'));
  const code = isInside ? '' : declarations.map(readable).join('\n');
  return new Set(code.replace(/\/\*[\s\S]*?\*\//g, '').match(/\b[A-Z]\w*|(?<=\btypeof )\w+/g));
}

const introduction = [
  '# API',
  '',
  '<!-- Made by `node build/generate-api.ts` from the types and docstrings of the sources; edit there. -->',
  '',
  'Every name that the package exports, made from the types by `node build/generate-api.ts`. All are imported from `heddle`,',
  'unless it says that `heddle/plugin` or `heddle/testing` alone has them. `heddle/client` has contracts, codecs, clients and',
  'errors, without loading a server; `heddle/plugin` has what plugins need, `heddle/testing` what tests need. Times are in',
  'ms, sizes in bytes, unless it says otherwise.',
  'What leads through the subjects: [fibers](fibers.md), [contracts](contracts.md), [clients](clients.md),',
  '[strategies](strategies.md), [plugins](plugins.md).',
];
