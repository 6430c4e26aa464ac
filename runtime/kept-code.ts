// KeptCode: the code of users' that the threads of a generation have loaded: the texts of the files, and which specifier led
// to which file. Threads tell it with what they have loaded (loaded-files.ts), main keeps it for as long as the generation
// lives (net/server/loaded-code.ts), and a thread that takes the place of another loads it where the disk has another by now:
// code that was taken back, or does not load, must not come in by a death.

/** Of the code that main keeps of one generation, in UTF-16 units: texts, and what led to them. */
export const keptLengthMax = 16_777_216;

/** A file as it was loaded. */
export interface KeptText {
  /** Without query and fragment. */
  url: string;
  /** As Node's loader names it; undefined: it finds out itself. */
  format: string | undefined;
  text: string;
}

/** Where an `import` or a `require` led. */
export interface KeptResolution {
  /** By `resolutionKey`. */
  key: string;
  url: string;
  format: string | undefined;
}

/** What a thread is born with that takes the place of another. */
export interface KeptCode {
  /** By URL; `stamp`: as the generation's threads have told it. */
  files: ReadonlyMap<string, KeptText & { stamp: string }>;
  resolutions: ReadonlyMap<string, KeptResolution>;
}

export function lengthOf(texts: readonly KeptText[], resolutions: readonly KeptResolution[]): number {
  let length = 0;
  for (const { url, text } of texts) length += url.length + text.length;
  for (const { key, url } of resolutions) length += key.length + url.length;
  return length;
}

/** One specifier of one module may lead to two files, by `import` and by `require`. */
export function resolutionKey(parent: string | undefined, specifier: string, isRequire: boolean): string {
  return `${isRequire ? 'require' : 'import'} ${parent ?? ''} ${specifier}`;
}

/** What a key was made of; a URL has no blanks. */
export function resolutionOf(key: string): { parent: string; specifier: string } {
  const from = key.indexOf(' ') + 1;
  const at = key.indexOf(' ', from);
  return { parent: key.slice(from, at), specifier: key.slice(at + 1) };
}
