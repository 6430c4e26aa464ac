// The thread that draws one picture and ends.

import { parentPort, workerData } from 'node:worker_threads';
import type { StrategyDefinition } from '../definition.ts';
import { drawMermaid } from '../draw/mermaid.ts';
import { drawSvg } from '../draw/svg.ts';
import { drawTerminal } from '../draw/terminal.ts';
import type { StrategiesReport } from './strategy-report.ts';

export interface DrawData {
  readonly definition: StrategyDefinition;
  readonly report: StrategiesReport;
  readonly form: 'svg' | 'mermaid' | 'text';
}

/** Columns of a drawing in text. */
const textWidth = 100;

function draw({ definition, report, form }: DrawData): string {
  if (form === 'mermaid') return drawMermaid(definition);
  if (form === 'text') return drawTerminal(definition, { width: textWidth });
  const nodes = report.strategies.find(({ name }) => name === definition.name)?.nodes ?? [];
  const shares = nodes.map(({ name, criticalTimeShare, done, failed, p50Ms, p99Ms }) => {
    return [name, { critical: criticalTimeShare, runs: done + failed, p50Ms, p99Ms }] as const;
  });
  return drawSvg(definition, { shares: new Map(shares) });
}

parentPort!.postMessage(draw(workerData as DrawData));
