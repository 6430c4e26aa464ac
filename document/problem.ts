// Problem: one mistake in the configuration, with the place it stands at. A Source is a text that settings are read
// from: the config file, one `--set`, one environment variable. Main thread only.

/** One mistake. Lines and columns count from 1, columns and length in UTF-16 units, as editors do. */
export interface Problem {
  /** The config file as it was named, `--set #1` or `environment`. */
  file: string;
  line: number;
  column: number;
  /** Units to underline, at least 1; never past the end of the line. */
  length: number;
  /** Head of the printed message: `heddle.yaml:12:5`, `--set #1`, `environment`. */
  where: string;
  message: string;
  /** What may stand here instead. */
  allowed?: string[];
  /** The nearest right spelling. */
  suggestion?: string;
  /** The line it stands in; absent when the file itself can't be read. */
  sourceLine?: string;
}

/** Part of a source: offsets in UTF-16 units, end excluded. */
export interface Place {
  source: Source;
  start: number;
  end: number;
}

export interface ProblemHints {
  allowed?: string[];
  suggestion?: string | undefined;
}

/** Bound of the problems that one reading gives: beyond it nobody reads on, and a garbage file makes 100,000. */
export const problemsMax = 1000;

export type SourceKind = 'file' | 'environment' | 'argument' | 'default';

/** A text that settings come from. Positions are printed for a file; an override is one line, which is shown whole. */
export class Source {
  readonly name: string;
  readonly kind: SourceKind;
  readonly text: string;
  #lineStarts: number[] | undefined;

  constructor(kind: SourceKind, name: string, text: string) {
    this.kind = kind;
    this.name = name;
    this.text = text;
  }

  /** `heddle.yaml:12`, `--set #1`, `HEDDLE_IO__THREADS`, `default`: where a value came from. */
  origin(offset: number): string {
    if (this.kind === 'environment') return this.text.slice(0, this.text.indexOf('='));
    return this.kind === 'file' ? `${this.name}:${this.position(offset).line}` : this.name;
  }

  position(offset: number): { line: number; column: number; lineText: string } {
    this.#lineStarts ??= lineStartsOf(this.text);
    const starts = this.#lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const start = starts[low]!;
    const lineText = this.text.slice(start, starts[low + 1] ?? this.text.length).replace(/\r?\n$/, '');
    return { line: low + 1, column: offset - start + 1, lineText };
  }
}

/** Gathers problems, at most `problemsMax`. */
export class ProblemList {
  readonly #found: { problem: Problem; place: Place | undefined }[] = [];
  #reports = 0;

  /** How often something was reported, also what is not listed once more. */
  get reports(): number {
    return this.#reports;
  }

  get size(): number {
    return this.#found.length;
  }

  add(place: Place, message: string, hints: ProblemHints = {}): void {
    this.#reports++;
    if (this.#found.length >= problemsMax || this.#has(place, message)) return;
    const { line, column, lineText } = place.source.position(place.start);
    const problem: Problem = {
      file: place.source.name,
      line,
      column,
      length: Math.max(1, Math.min(place.end - place.start, lineText.length - column + 1)),
      where: place.source.kind === 'file' ? `${place.source.name}:${line}:${column}` : place.source.name,
      message,
      sourceLine: lineText,
    };
    if (hints.allowed !== undefined) problem.allowed = hints.allowed;
    if (hints.suggestion !== undefined) problem.suggestion = hints.suggestion;
    this.#found.push({ problem, place });
  }

  /** What stands behind several aliases is read once for each, and wrong once. */
  #has({ source, start }: Place, message: string): boolean {
    return this.#found.some(({ problem, place }) => {
      return place?.source === source && place.start === start && problem.message === message;
    });
  }

  /** For a file that can't be read at all: there is no line to show. */
  addForFile(file: string, message: string): void {
    this.#found.push({
      problem: { file, line: 1, column: 1, length: 1, where: file, message },
      place: undefined,
    });
  }

  /** The file's problems in the order of its lines, then those of the environment, then those of arguments. */
  sorted(): Problem[] {
    return this.#found.toSorted((left, right) => compare(left.place, right.place)).map((entry) => entry.problem);
  }
}

const kinds: readonly SourceKind[] = ['default', 'file', 'environment', 'argument'];

function compare(left: Place | undefined, right: Place | undefined): number {
  if (left === undefined || right === undefined) return 0;
  const byKind = kinds.indexOf(left.source.kind) - kinds.indexOf(right.source.kind);
  if (byKind !== 0) return byKind;
  // `--set #10` comes after `--set #2`; variables go by their names.
  const byName = left.source.name.localeCompare(right.source.name, 'en', { numeric: true });
  if (byName !== 0) return byName;
  if (left.source === right.source) return left.start - right.start;
  return left.source.text < right.source.text ? -1 : 1;
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
