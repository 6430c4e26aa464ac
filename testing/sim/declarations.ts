// What a masked text (mask.ts) declares at its top level, and where: the names of `const a = 1, { b } = x`. Called by
// module-rewriter.ts.

export const identifier = '[\\p{ID_Start}$_][\\p{ID_Continue}$\\u200c\\u200d]*';

const opening = '([{';
const closing = ')]}';

/** The same length, with all between brackets blanked: what stands at the top level. */
export function topLevel(masked: string): string {
  const parts: string[] = [];
  let depth = 0;
  let at = 0;
  for (const { 0: bracket, index } of masked.matchAll(/[()[\]{}]/g)) {
    const isOpening = opening.includes(bracket);
    const text = masked.slice(at, index);
    parts.push(depth === 0 ? text : text.replace(/[^\n]/g, ' '));
    if (!isOpening) depth--;
    parts.push(depth === 0 ? bracket : ' ');
    if (isOpening) depth++;
    at = index + 1;
  }
  parts.push(masked.slice(at));
  return parts.join('');
}

/** Behind the bracket that closes the one at `at`. */
export function endOfPair(masked: string, at: number): number {
  const brackets = /[()[\]{}]/g;
  brackets.lastIndex = at;
  let depth = 0;
  for (let found = brackets.exec(masked); found !== null; found = brackets.exec(masked)) {
    depth += opening.includes(found[0]) ? 1 : -1;
    if (depth === 0) return brackets.lastIndex;
  }
  return masked.length;
}

const name = new RegExp(`\\s*(${identifier})`, 'uy');

/** The names that declarators bind, which begin at `at`, behind `const`. */
export function declaredNames(masked: string, at: number): string[] {
  const names: string[] = [];
  let next = at;
  do {
    const start = next + /^\s*/.exec(masked.slice(next))![0].length;
    if (masked[start] === '{' || masked[start] === '[') {
      const end = endOfPair(masked, start);
      names.push(...patternNames(masked.slice(start, end)));
      next = end;
    } else {
      name.lastIndex = start;
      const found = name.exec(masked);
      if (found === null) break;
      names.push(found[1]!);
      next = name.lastIndex;
    }
    next = endOfInitializer(masked, next);
  } while (masked[next++] === ',');
  return names;
}

/** Where a declarator ends: at a comma, a semicolon, a bracket that closes more, or a line's end that ends a statement. */
function endOfInitializer(masked: string, from: number): number {
  const stops = /[()[\]{},;\n]/g;
  stops.lastIndex = from;
  for (let found = stops.exec(masked); found !== null; found = stops.exec(masked)) {
    const [char] = found;
    if (char === ',' || char === ';' || closing.includes(char)) return found.index;
    if (char === '\n') {
      if (endsStatement(masked, found.index)) return found.index;
    } else stops.lastIndex = endOfPair(masked, found.index);
  }
  return masked.length;
}

const wantsMore =
  /(?:[=(,:[!&|?{+\-*/%~^<>.]|(?<![\w$.#])(?:typeof|void|new|delete|await|yield|in|of|instanceof|async|function|class|extends))$/;
const goesOn = /^(?:[=,:?&|*/%^<>.([{)\]}`]|!=|\+(?!\+)|-(?!-)|in(?:stanceof)?(?![\w$]))/;

/** Whether the line's end at `at` stands for a semicolon, by the rules of the language. */
function endsStatement(masked: string, at: number): boolean {
  const before = masked.slice(Math.max(0, at - 200), at).trimEnd();
  const after = /\S.{0,11}/gs;
  after.lastIndex = at;
  const next = after.exec(masked)?.[0];
  if (before === '') return false;
  if (next === undefined) return true;
  const isCounted = before.endsWith('++') || before.endsWith('--');
  return (isCounted || !wantsMore.test(before)) && !goesOn.test(next);
}

/** What a pattern may assign to: no call, and not what has members. */
const targets = new RegExp(`${identifier}(?![\\p{ID_Continue}$]|\\s*[([.])`, 'gu');
const assignment = new RegExp(
  `(?:\\+\\+|--)\\s*(${identifier})|(${identifier})\\s*(?:\\+\\+|--|(?:\\*\\*|<<|>>>?|&&|\\|\\||\\?\\?|[-+*/%&|^])?=(?![=>])|(?:of|in)(?![\\w$]))`,
  'gu',
);
const patternEnd = /[\]}]\s*(?:=(?![=>])|(?:of|in)(?![\w$]))/g;

/** Names that are given a value anywhere, by a pattern or a loop too; with some that are not: members too. */
export function assignedNames(masked: string): Set<string> {
  const names = new Set([...masked.matchAll(assignment)].map(([, counted, other = counted]) => other!));
  for (const { index } of masked.matchAll(patternEnd)) {
    for (const [word] of masked.slice(startOfPair(masked, index), index).matchAll(targets)) names.add(word);
  }
  return names;
}

/** Where the bracket stands that the one at `at` closes. */
function startOfPair(masked: string, at: number): number {
  let depth = 0;
  for (let start = at; start >= 0; start--) {
    const char = masked[start]!;
    if (closing.includes(char)) depth++;
    else if (opening.includes(char) && --depth === 0) return start;
  }
  return 0;
}

/** The names that a pattern binds: `{ a, b: { c = 1 }, ...d }`, `[e, , f]`. */
export function patternNames(pattern: string): string[] {
  const isObject = pattern.startsWith('{');
  return splitAtTop(pattern.slice(1, -1), ',').flatMap((part) => {
    const element = part.trim().replace(/^\.\.\.\s*/, '');
    const [key = '', ...values] = isObject ? splitAtTop(element, ':') : [element];
    const target = (values.length === 0 ? key : values.join(':')).trim();
    if (target.startsWith('{') || target.startsWith('[')) return patternNames(target.slice(0, endOfPair(target, 0)));
    const bound = target.replace(/\s*=.*$/s, '');
    return bound === '' ? [] : [bound];
  });
}

function splitAtTop(text: string, separator: string): string[] {
  const top = topLevel(text);
  const parts: string[] = [];
  let start = 0;
  for (let at = top.indexOf(separator); at >= 0; at = top.indexOf(separator, at + 1)) {
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  parts.push(text.slice(start));
  return parts;
}
