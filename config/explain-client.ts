// explainClient: how calls of a service go out, with where each setting was written: a part of `heddle config --explain`.

import type { ClientSettings } from '../runtime/settings.ts';
import { formatBytes, formatDuration } from '../runtime/units.ts';
import { targetText } from './client-target.ts';
import { indent, orNone, table } from './explain-table.ts';
import type { Origins } from './origins.ts';
import type { CheckedClient } from './schema.ts';

/** Each setting that is one value: what people call it, what heddle.yaml calls it, and how it is shown. */
const shown: readonly [
  label: string,
  key: keyof ClientSettings,
  written: keyof CheckedClient['value'],
  text: (client: ClientSettings) => string,
][] = [
  ['timeout', 'timeoutMs', 'timeout', ({ timeoutMs }) => orNone(timeoutMs, formatDuration)],
  [
    'timeout of an attempt',
    'attemptTimeoutMs',
    'attemptTimeout',
    ({ attemptTimeoutMs }) => orNone(attemptTimeoutMs, formatDuration),
  ],
  ['attempts', 'maxAttempts', 'maxAttempts', ({ maxAttempts }) => String(maxAttempts)],
  [
    'retries in 100 calls',
    'retryBudgetPercent',
    'retryPercent',
    ({ retryBudgetPercent }) => String(retryBudgetPercent),
  ],
  ['failures that eject', 'ejectAfter', 'ejectAfter', ({ ejectAfter }) => orNone(ejectAfter, String)],
  ['ejected for', 'ejectForMs', 'ejectFor', ({ ejectForMs }) => formatDuration(ejectForMs)],
  ['connect timeout', 'connectTimeoutMs', 'connectTimeout', ({ connectTimeoutMs }) => formatDuration(connectTimeoutMs)],
  ['balance', 'balance', 'balance', ({ balance }) => balance],
  ['connections to each', 'connections', 'connections', ({ connections }) => String(connections)],
  ['calls at once', 'maxInFlight', 'maxInFlight', ({ maxInFlight }) => String(maxInFlight)],
  ['frame', 'frameBytes', 'frame', ({ frameBytes }) => formatBytes(frameBytes)],
  ['write buffer', 'writeBufferBytes', 'writeBuffer', ({ writeBufferBytes }) => formatBytes(writeBufferBytes)],
  ['compression', 'compression', 'compression', ({ compression = 'none' }) => compression],
  [
    'compressed from',
    'compressAboveBytes',
    'compressAbove',
    ({ compressAboveBytes }) => orNone(compressAboveBytes, formatBytes),
  ],
  ['sockets', 'via', 'via', ({ via }) => (via === 'io' ? 'on IO threads' : "on each caller's thread")],
];

/** Lines, indented as a part of the whole; undefined `client`: none. */
export function explainClient(client: ClientSettings | undefined, origins: Origins): string[] {
  if (client === undefined) return [];
  const rows = shown.map(([label, key, , text]) => [label, text(client), origins.of(client, key)]);
  return [`  client  fibers that call it go to ${targetText(client)}`, ...indent(table(rows))];
}

/** What `explainClient` says of where a client's settings come from. */
export function noteClient(settings: ClientSettings, written: CheckedClient['value'], origins: Origins): void {
  for (const [, key, name] of shown) {
    const field = written[name];
    if ('place' in field) origins.note(settings, key, field.place);
  }
}
