// Scenario: one thing that is measured, as `npm run bench` sees it. Each stands in a file of scenarios/, and in its table.

export interface Scenario {
  readonly name: string;
  /** One line for the help. */
  readonly what: string;
  /** How long it takes when nobody says, s. */
  readonly seconds: number;
  run(options: ScenarioOptions): Promise<ScenarioReport>;
}

export interface ScenarioOptions {
  /** Time for all of it, s; a scenario may take somewhat longer. */
  readonly seconds: number;
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
  /** The numbers behind the table, for `--json`. */
  readonly data: object;
}

export interface Goal {
  readonly sentence: string;
  readonly met: boolean;
}
