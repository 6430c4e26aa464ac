// What the strategy of double.yaml runs.

export function double({ n }: { n: number }): { n: number } {
  return { n: 2 * n };
}
