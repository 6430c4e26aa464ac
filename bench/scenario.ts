// Scenario: one thing that is measured, as `npm run bench` sees it. Each stands in a file of scenarios/, and in its table.

import type { Comparison } from './measure/comparison.ts';
import type { Plot } from './page/plot.ts';

export interface Scenario {
  readonly name: string;
  /** One line for the help. */
  readonly what: string;
  /** How long it takes when nobody says, s. */
  readonly seconds: number;
  /** Folders of bench/peers/ that it is measured against, unless --peers says which. Default: none. */
  readonly peers?: readonly string[];
  run(options: ScenarioOptions): Promise<ScenarioReport>;
}

export interface ScenarioOptions {
  /** Time for all of it, s; a scenario may take somewhat longer. */
  readonly seconds: number;
  /** Which of its peers to measure. Default: none. */
  readonly peers?: readonly string[];
  /** Told what is measured next. */
  readonly onStep: (step: string) => void;
}

export interface ScenarioReport {
  /** How it was measured, sentences: what a number means is part of it. */
  readonly method: readonly string[];
  readonly columns: readonly string[];
  /** Cells as they are printed. */
  readonly rows: readonly (readonly string[])[];
  readonly goals: readonly Goal[];
  /** An SVG of what came out, for docs/. */
  readonly picture?: string;
  /** Of a scenario with peers: all numbers, for `--json` and pictures. */
  readonly comparison?: Comparison;
  /** What the page draws, beside what it makes of a comparison. */
  readonly plots?: readonly Plot[];
  /** The numbers behind the table, for `--json`. */
  readonly data: object;
}

export interface Goal {
  readonly sentence: string;
  /** Undefined: it can't be judged, since what it compares with was not measured. */
  readonly met: boolean | undefined;
  /** Of a goal that compares: what came out. */
  readonly ratio?: number;
}
