// The help in `heddle top`: its keys, and what the columns mean.

import { type Line, type Piece, piece, sentence } from './line.ts';
import type { View } from './view.ts';

const text: readonly (readonly [string, string])[] = [
  ['q, Ctrl-C', 'quit'],
  ['p t m', 'pools, threads or methods alone; again, or Esc: all of them'],
  ['f', 'the fibers of one thread as a tree; left, right: another thread'],
  ['s', 'sort the methods (rate, errors, p99, name), or the threads'],
  ['space', 'pause: the process is not asked, and the picture stands'],
  ['up down j k', 'scroll; PgUp, PgDn, Home and End too'],
  ['? h', 'this help'],
  ['', ''],
  ['REQUESTS/S', 'answers since the look before, per second, INSIDE/S included'],
  ['INSIDE/S', 'calls that fibers of this process made'],
  ['ERRORS/S', 'answers that are not OK; MOSTLY: the code of most of them'],
  ['P50, P99', 'from arrival to reply, since the process started'],
  ['POOL STATE', 'DOWN: too many deaths; FULL: it refuses; short of threads; busy; ok'],
  ['FULL', 'how full the fullest lane of the queue is'],
  ['FIBERS', 'running and waiting ones, and how many there may be'],
  ['ASKED', 'requests of a thread to others that are not answered yet'],
  ['RUNS', 'what is on the stack of the thread now, and for how long'],
  ['STALLED', 'for over 200 ms: no other fiber of the thread goes on'],
];

export function helpLines(): Line[] {
  return text.map(([key, meaning]) => [piece(key.padEnd(13), 'strong'), piece(meaning)]);
}

/** The last line of a live view: the keys, the one in use marked. */
export function hintLine({ focus, methodSort, threadSort, paused }: View): Line {
  const key = (name: string, on = false): Piece => piece(name, on ? 'head' : 'quiet');
  return sentence([
    key('q quit'),
    key('? help', focus === 'help'),
    key('p pools', focus === 'pools'),
    key('t threads', focus === 'threads'),
    key('m methods', focus === 'methods'),
    key('f fibers', focus === 'fibers'),
    key('space pause', paused),
    key(`s by ${focus === 'threads' ? threadSort : methodSort}`),
  ]);
}
