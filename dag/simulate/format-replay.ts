// formatReplay: a replay for the terminal: what is as it was, and what is not, node by node. Pure.

import { outcomeText } from '../draw/critical-path.ts';
import type { Replay } from './replay.ts';

/** Lines without colours. */
export function formatReplay({
  strategy,
  recorded,
  replayed,
  same,
  differences,
  nodes,
  unrecorded,
  unknown,
}: Replay): string {
  const parts = Object.entries(same);
  const kept = parts.filter(([, isSame]) => isSame).map(([part]) => part);
  const changed = parts.filter(([, isSame]) => !isSame).map(([part]) => part);
  return [
    `${strategy}: recorded ${outcomeText(recorded)}, replayed ${outcomeText(replayed)}`,
    ...(kept.length > 0 ? [`  same: ${kept.join(', ')}`] : []),
    ...(changed.length > 0 ? [`  other: ${changed.join(', ')}`] : []),
    ...differences.map((difference) => `  ~ ${difference}`),
    ...nodes.flatMap(({ name, differences: own }) => [`  ${name}`, ...own.map((difference) => `    ~ ${difference}`)]),
    ...(unrecorded.length > 0
      ? [
          `! nothing is recorded of ${unrecorded.join(', ')}: give the replay a mock of each, or record a run of this version`,
        ]
      : []),
    ...unknown.map((sentence) => `! ${sentence}`),
  ].join('\n');
}
