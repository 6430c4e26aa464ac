// Problem: one mistake in an expression, found before it runs. Offsets count UTF-16 units from the start of the
// expression's text, end excluded; who embeds it in a file adds where the text starts.

export interface ExpressionProblem {
  message: string;
  start: number;
  end: number;
  /** The nearest right spelling. */
  suggestion?: string;
  /** What may stand here instead. */
  allowed?: string[];
}

/** Thrown within the lexer, the parser and the pattern reader where they can't go on; it never leaves this folder. */
export class ProblemSignal extends Error {
  readonly problem: ExpressionProblem;

  constructor(message: string, start: number, end: number, hints: { suggestion?: string } = {}) {
    super(message);
    this.problem = { message, start, end, ...hints };
  }
}
