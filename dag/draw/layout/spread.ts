// spread: where lines begin and end along the side of a box. Least squares under an order: what would press together
// shares the mean of its wishes (pool adjacent violators).

/** Places near the wanted ones, in their order, at least `gap` apart: the mean of what presses together. */
export function spread(wanted: readonly number[], gap: number): number[] {
  const groups: { sum: number; count: number }[] = [];
  for (const [index, place] of wanted.entries()) {
    groups.push({ sum: place - index * gap, count: 1 });
    while (groups.length > 1) {
      const [a, b] = [groups.at(-2)!, groups.at(-1)!];
      if (a.sum / a.count < b.sum / b.count) break;
      groups.splice(-2, 2, { sum: a.sum + b.sum, count: a.count + b.count });
    }
  }
  return groups.flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count)).map((at, i) => at + i * gap);
}
