// The record of the scenarios `unary` and `unary-io`: Heddle and all peers send it and get it back. Imports nothing, since
// the clients of peers load it too.

export interface Film {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
  readonly score: number;
}

/** 95 bytes in Avro. */
export const record: Film = {
  id: 8_123_456_789,
  name: 'The Passion of Joan of Arc',
  tags: ['silent film', 'court drama', 'closeups', 'in France', 'year 1928'],
  score: 98.25,
};

/** Throws when an answer is not the record: then it does not count. `id` may be what a library has for 64 bits. */
export function checkFilm(answer: unknown): void {
  const { id, name, tags, score } = answer as Film;
  const isRight =
    Number(id) === record.id &&
    name === record.name &&
    score === record.score &&
    tags.length === record.tags.length &&
    record.tags.every((tag, at) => tags[at] === tag);
  if (!isRight) throw new Error(`the answer is not what was sent: ${JSON.stringify(answer)}`);
}
