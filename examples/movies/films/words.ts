// wordsOf: a title or a query as plain words, the same for both, so that what is typed meets what is written. Pure.

/** Signs that stand for letters or digits and that Unicode does not take apart as a reader would. */
const readAs: readonly (readonly [RegExp, string])[] = [
  [/[²³½]/g, ' $&'],
  [/¢/g, 'c'],
  [/['’]/g, ''],
  [/(?<=\d),(?=\d{3})/g, ''],
];

/** Lower case, no accents, no punctuation: `Amélie, 20,000 Leagues` → amelie, 20000, leagues. */
export function wordsOf(text: string): string[] {
  let plain = text;
  for (const [sign, letters] of readAs) plain = plain.replace(sign, letters);
  return (
    plain
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}
