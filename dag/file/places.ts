// Places: where each part of a strategy was written, by its path: `nodes.rank.timeout`, `tests[2].expect.path`. Kept beside
// the definition, which is plain data, so that whoever finds a mistake in it can point into the file.

import type { Place, ProblemHints, ProblemList } from '../../document/problem.ts';
import type { ExpressionProblem } from '../expression/problem.ts';

export class Places {
  readonly #places = new Map<string, Place>();
  readonly #top: Place;

  /** `top`: the place of whatever has none of its own. */
  constructor(top: Place) {
    this.#top = top;
  }

  set(path: string, place: Place): void {
    this.#places.set(path, place);
  }

  /** Whether the part itself was written; not what was filled in. */
  has(path: string): boolean {
    return this.#places.has(path);
  }

  /** The place of a part, or of the nearest part around it that has one. */
  of(path: string): Place {
    for (let part = path; part !== ''; part = parentOf(part)) {
      const place = this.#places.get(part);
      if (place !== undefined) return place;
    }
    return this.#top;
  }

  /**
   * Characters `start` to `end` of the text at `path`; the whole text where the source writes it otherwise (behind
   * escapes, folded over lines).
   */
  within(path: string, text: string, start: number, end: number): Place {
    const place = this.of(path);
    const written = place.source.text.slice(place.start, place.end);
    const at = written.indexOf(text);
    if (at === -1 || text === '') return place;
    const from = Math.min(start, text.length - 1);
    return { source: place.source, start: place.start + at + from, end: place.start + at + Math.max(end, from + 1) };
  }
}

/** A definition in the making or under check: the list of its mistakes and where its parts stand. */
export class Reporter {
  readonly places: Places;
  readonly problems: ProblemList;

  constructor(places: Places, problems: ProblemList) {
    this.places = places;
    this.problems = problems;
  }

  add(path: string, message: string, hints: ProblemHints = {}): void {
    this.problems.add(this.places.of(path), message, hints);
  }

  /** About a part of the expression at `path`. */
  addWithin(path: string, text: string, start: number, end: number, message: string, hints: ProblemHints = {}): void {
    this.problems.add(this.places.within(path, text, start, end), message, hints);
  }

  /** A mistake in the expression at `path`. Its message stands alone and says the suggestion too, which is printed behind. */
  addExpression(path: string, text: string, problem: ExpressionProblem): void {
    const { message, start, end, suggestion, allowed } = problem;
    if (suggestion === undefined) {
      this.addWithin(path, text, start, end, message, allowed === undefined ? {} : { allowed });
    } else {
      this.addWithin(path, text, start, end, message.replace(/; did you mean .*\?$/, ''), { suggestion });
    }
  }
}

/** `nodes.rank.input.k` → `nodes.rank.input`; `tests[2]` → `tests`. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['), 0));
}
