// Symbols: the characters of bars, sparklines and trees: block elements where the locale says that the terminal reads
// UTF-8, else ASCII.

export interface Symbols {
  /** From the least to a full cell. */
  bar: readonly string[];
  barEmpty: string;
  /** From the lowest to the highest. */
  spark: readonly string[];
  /** Where text was cut off. */
  cut: string;
  arrow: string;
  /** Before a child that has siblings after it, before the last one, and before what hangs below each. */
  tree: { child: string; last: string; under: string; underLast: string };
}

export const unicodeSymbols: Symbols = {
  bar: [...'▏▎▍▌▋▊▉█'],
  barEmpty: '·',
  spark: [...'▁▂▃▄▅▆▇█'],
  cut: '…',
  arrow: '→',
  tree: { child: '├─ ', last: '└─ ', under: '│  ', underLast: '   ' },
};

export const asciiSymbols: Symbols = {
  bar: ['#'],
  barEmpty: '.',
  spark: [...'_.-=+*#'],
  cut: '~',
  arrow: '->',
  tree: { child: '|- ', last: '`- ', under: '|  ', underLast: '   ' },
};

/** By LC_ALL, LC_CTYPE and LANG, the first that is set; Linux's own console has too few characters. */
export function symbolsFor(environment: Readonly<Record<string, string | undefined>>): Symbols {
  const { LC_ALL, LC_CTYPE, LANG, TERM, WT_SESSION } = environment;
  if (TERM === 'linux') return asciiSymbols;
  if (WT_SESSION !== undefined) return unicodeSymbols;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') ? unicodeSymbols : asciiSymbols;
}

/** A bar of `cells` cells, `share` (0..1) of it full; more than nothing shows. */
export function bar(share: number, cells: number, { bar: steps, barEmpty }: Symbols): string {
  const part = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  const units = part === 0 ? 0 : Math.max(1, Math.round(part * cells * steps.length));
  const full = Math.floor(units / steps.length);
  const rest = units % steps.length;
  const text = steps.at(-1)!.repeat(full) + (rest === 0 ? '' : steps[rest - 1]!);
  return text + barEmpty.repeat(cells - full - (rest === 0 ? 0 : 1));
}

/** One cell for each value, the highest as high as it gets; undefined: nothing is known, a space. */
export function sparkline(values: readonly (number | undefined)[], { spark }: Symbols): string {
  const highest = Math.max(0, ...values.filter((value) => value !== undefined));
  const level = (value: number): string => {
    if (highest === 0 || value <= 0) return spark[0]!;
    return spark[Math.min(spark.length - 1, Math.max(1, Math.ceil((value / highest) * spark.length) - 1))]!;
  };
  return values.map((value) => (value === undefined ? ' ' : level(value))).join('');
}
