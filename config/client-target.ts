// Where a client's servers are, as heddle.yaml says it: `heddle://` lists their addresses; any other scheme belongs to a
// naming that a plugin adds, which is given the text behind it.

import type { Place, ProblemList } from '../document/problem.ts';
import { quote } from '../document/quote.ts';
import type { Field, Parsed } from '../document/types.ts';
import { nearest } from '../runtime/nearest.ts';
import { isTakenScheme } from '../runtime/plugins/naming.ts';
import { type ClientSettings, clientConnectionsMax } from '../runtime/settings.ts';
import { formatHostPort, type HostPort, parseTarget } from './addresses.ts';

/** Characters behind `://` of a naming's target. */
const textMax = 500;

/** As editors check it. */
export const clientTargetPattern =
  '^(heddle://[^,/\\s]+:[0-9]{1,5}(,[^,/\\s]+:[0-9]{1,5})*|(?!(heddles?|https?|unix)://)[a-z][a-z0-9.+-]{0,63}://[!-~]{1,500})$';

export type ClientTarget = Pick<ClientSettings, 'addresses' | 'naming'>;

/** `heddle://10.0.0.1:7001,10.0.0.2:7001`, or `consul://shop-stock?tag=eu`. */
export function parseClientTarget(text: string): Parsed<ClientTarget> {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9.+-]{0,63}):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === undefined || isTakenScheme(scheme)) {
    const parsed = parseTarget(text);
    return 'message' in parsed ? parsed : { value: { addresses: parsed.value } };
  }
  if (rest === '') return { message: `has nothing behind ${scheme}://: write what its naming is to look up` };
  if (rest.length > textMax || !/^[!-~]+$/.test(rest)) {
    return {
      message: `must have 1 to ${textMax} characters of ASCII behind ${scheme}://, none of them a space`,
      part: rest,
    };
  }
  return { value: { addresses: [], naming: { scheme, text: rest } } };
}

/** As the threads are told. `hasPlugins`: the config lists some, so that a naming may be theirs. */
export function buildClientTarget(
  { value, place }: Field<ClientTarget | undefined>,
  hasPlugins: boolean,
  problems: ProblemList,
): ClientTarget {
  if (value?.naming !== undefined && !hasPlugins) {
    const { scheme } = value.naming;
    const message = `target is looked up by ${quote(scheme)}, which is not known, and no plugin is listed that could add it`;
    problems.add(schemeOf(place, scheme), message, { allowed: ['heddle'], suggestion: nearest(scheme, ['heddle']) });
  }
  return value ?? { addresses: [] };
}

/** A thread that could not connect to all of them would not start. */
export function checkConnections(
  target: Field<ClientTarget | undefined>,
  { value: each, place }: Field<number>,
  problems: ProblemList,
): void {
  const count = target.value?.addresses.length ?? 0;
  if (count * each <= clientConnectionsMax) return;
  const message = `${count} addresses, ${each} connections to each, are over ${clientConnectionsMax} connections: write fewer`;
  problems.add(place.source.kind === 'default' ? target.place : place, message);
}

/** For people: where fibers that call it go to. */
export function targetText({ addresses, naming }: ClientTarget): string {
  if (naming === undefined) return addresses.map((address: HostPort) => formatHostPort(address)).join(', ');
  return `where naming ${naming.scheme} says that ${naming.text} is`;
}

function schemeOf(place: Place, scheme: string): Place {
  const start = place.source.text.indexOf(scheme, place.start);
  return { ...place, start, end: start + scheme.length };
}
