// Bounds: how large an expression may be and how much one evaluation may do. Whoever reads strategies passes others
// where these don't fit; they are the same on every thread.

export interface ExpressionBounds {
  /** Length of the text, UTF-16 units. Default 8192. */
  textCharsMax: number;
  /** Brackets, calls, ternaries and prefix operators within each other. Default 64. */
  nestingMax: number;
  /** Nodes of the syntax tree. Default 1000; it also bounds the depth of the closures that are made of it. */
  nodesMax: number;
}

export const expressionBounds: ExpressionBounds = { textCharsMax: 8192, nestingMax: 64, nodesMax: 1000 };

/**
 * What one evaluation may spend, steps. A step is one element visited, made or compared, 64 characters read or made,
 * 16 states of a pattern visited, or 8 nodes of a macro's body. 100,000 steps take 1-5 ms.
 */
export const defaultStepsMax = 100_000;
/** The most that a caller may ask for, steps: it keeps every made text under what V8 can hold. */
export const stepsMaxLimit = 1_000_000;

/** What folding one constant may spend when an expression is compiled, steps; a dearer one is calculated each time. */
export const foldStepsMax = 1000;

/** Length of a pattern of `matches`, UTF-16 units: people can't read longer ones. */
export const patternCharsMax = 256;
/** States that a pattern may compile to: `{n,m}` multiplies them. */
export const patternStatesMax = 1000;

/** Problems that the reading of one expression gives: nobody reads on beyond these. */
export const expressionProblemsMax = 50;

/** Values nested deeper than this are not compared: only a cycle gets there. */
export const valueDepthMax = 200;
