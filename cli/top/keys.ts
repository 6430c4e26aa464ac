// Keys: what a terminal sends as keys, and what each of them changes about the view. Pure.

import { defaultFiberThread, fiberThreads } from './fibers.ts';
import type { Picture } from './picture.ts';
import { type Focus, methodSorts, threadSorts, type View } from './view.ts';

/** Escape sequences without their ESC. */
const sequences: Readonly<Record<string, string>> = {
  '[A': 'up',
  OA: 'up',
  '[B': 'down',
  OB: 'down',
  '[C': 'right',
  OC: 'right',
  '[D': 'left',
  OD: 'left',
  '[5~': 'page-up',
  '[6~': 'page-down',
  '[H': 'home',
  OH: 'home',
  '[1~': 'home',
  '[F': 'end',
  OF: 'end',
  '[4~': 'end',
};

/**
 * The keys in what a terminal sent: characters as they are, `up`, `down`, `left`, `right`, `page-up`, `page-down`, `home`,
 * `end`, `escape`. Sequences that stand for no key of ours give none.
 */
export function keysOf(text: string): string[] {
  const [plain = '', ...escaped] = text.split('\x1b');
  const keys = [...plain];
  for (const part of escaped) {
    const sequence = /^(\[[\d;?]*[ -/]*[@-~]|O[@-~])/.exec(part)?.[0];
    if (sequence === undefined) keys.push('escape', ...part);
    else keys.push(...(sequence in sequences ? [sequences[sequence]!] : []), ...part.slice(sequence.length));
  }
  return keys;
}

const focusKeys: Readonly<Record<string, Focus>> = {
  p: 'pools',
  t: 'threads',
  m: 'methods',
  f: 'fibers',
  '?': 'help',
  h: 'help',
};

/** Rows of a page key. */
const pageRows = 10;
const scrolls: Readonly<Record<string, number>> = {
  up: -1,
  k: -1,
  down: 1,
  j: 1,
  'page-up': -pageRows,
  'page-down': pageRows,
  home: Number.NEGATIVE_INFINITY,
  end: Number.MAX_SAFE_INTEGER,
};

/** What a key makes of the view; a key without a meaning changes nothing. Quitting is the caller's. */
export function press(view: View, key: string, picture: Picture): View {
  const focus = focusKeys[key];
  // The same key again leads back.
  if (focus !== undefined) {
    // Once chosen, the thread stays, though another may have more fibers by then.
    const fiberThread = view.fiberThread ?? (focus === 'fibers' ? defaultFiberThread(picture) : undefined);
    return { ...view, focus: view.focus === focus ? 'overview' : focus, scroll: 0, fiberThread };
  }
  const by = scrolls[key];
  if (by !== undefined) return { ...view, scroll: Math.max(0, view.scroll + by) };
  switch (key) {
    case 'escape':
      return { ...view, focus: 'overview', scroll: 0 };
    case ' ':
      return { ...view, paused: !view.paused };
    case 's':
      if (view.focus === 'threads') return { ...view, threadSort: after(threadSorts, view.threadSort) };
      return { ...view, methodSort: after(methodSorts, view.methodSort) };
    case 'left':
    case 'right':
      if (view.focus !== 'fibers') return view;
      return { ...view, fiberThread: neighbour(view, picture, key === 'right' ? 1 : -1), scroll: 0 };
    default:
      return view;
  }
}

function after<T>(all: readonly T[], one: T): T {
  return all[(all.indexOf(one) + 1) % all.length]!;
}

function neighbour({ fiberThread }: View, picture: Picture, step: 1 | -1): string | undefined {
  const names = fiberThreads(picture).map(({ name }) => name);
  const at = names.indexOf(fiberThread ?? '');
  return names.at((at + step) % Math.max(1, names.length));
}
