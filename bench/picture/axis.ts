// axisOf: the marks of an axis that begins at 0, at round numbers, and the round number at which it ends.

export interface Axis {
  readonly ticks: readonly number[];
  readonly end: number;
}

/** About so many marks. */
const tickCount = 5;

export function axisOf(most: number): Axis {
  const step = niceStep((most > 0 ? most : 1) / tickCount);
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  return { ticks: Array.from({ length: count + 1 }, (_, at) => rounded(at * step)), end: rounded(count * step) };
}

/** The next of 1, 2, 5, 10, … that is not below. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least * 0.999)!;
}

/** What multiplying steps of 0.1 leaves is cut off. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
