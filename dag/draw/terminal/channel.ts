// The rows between two layers of a terminal's drawing: each line that has to go aside gets a row (a track) of its own, or
// shares one where lines do not touch. Channel routing as chip designers do it (Hashimoto and Stevens, "Wire routing by
// optimizing channel assignment", 1971): where one line comes down into a column from which another goes on down, the
// first must turn off above the second. Where lines ask that of each other in a ring, one of them turns twice.

export interface Net {
  readonly id: string;
  /** Column where it comes in at the top. */
  readonly top: number;
  /** Columns where it goes out at the bottom. */
  readonly bottoms: readonly number[];
}

/** A level stretch: from the columns above it to those below it. */
export interface Track {
  readonly net: Net;
  readonly row: number;
  readonly tops: readonly number[];
  readonly bottoms: readonly number[];
}

interface Piece {
  readonly net: Net;
  /** 1 for the second of the two that a line was cut into. */
  readonly part: 0 | 1;
  readonly top: number;
  readonly bottoms: readonly number[];
  readonly low: number;
  readonly high: number;
}

/**
 * Rows from 0 for all nets that do not just go straight down. No two nets come in at one column, none go out at one.
 * A line that turns twice may go beyond the last of `columns`.
 */
export function routeChannel(nets: readonly Net[], columns: number): Track[] {
  const isStraight = ({ top, bottoms }: Net) => bottoms.length === 1 && bottoms[0] === top;
  let pending = nets.filter((net) => !isStraight(net)).map((net) => piece(net, 0, net.top, net.bottoms));
  pending.sort(byFewestCrossings);
  const used = new Set(nets.flatMap(({ top, bottoms }) => [top, ...bottoms]));
  const tracks: (Track & { piece: Piece })[] = [];
  while (pending.length > 0) {
    const free = pending.find((one) => !pending.some((other) => other !== one && mustBeAbove(other, one)));
    if (free === undefined) {
      const [first, ...rest] = pending;
      const column = freeColumn(first!.top, used, columns);
      used.add(column);
      const { net, top, bottoms } = first!;
      pending = [piece(net, 0, top, [column]), ...rest, piece(net, 1, column, bottoms)];
      continue;
    }
    pending = pending.filter((one) => one !== free);
    let row = Math.max(-1, ...tracks.filter((track) => mustBeAbove(track.piece, free)).map((track) => track.row)) + 1;
    while (tracks.some((track) => track.row === row && touches(track.piece, free))) row++;
    tracks.push({ net: free.net, row, tops: [free.top], bottoms: free.bottoms, piece: free });
  }
  return tracks;
}

function piece(net: Net, part: 0 | 1, top: number, bottoms: readonly number[]): Piece {
  return { net, part, top, bottoms, low: Math.min(top, ...bottoms), high: Math.max(top, ...bottoms) };
}

function mustBeAbove(upper: Piece, lower: Piece): boolean {
  if (upper.net === lower.net) return upper.part < lower.part;
  return lower.bottoms.includes(upper.top);
}

function touches(a: Piece, b: Piece): boolean {
  return a.low <= b.high + 1 && b.low <= a.high + 1;
}

/** Those that go right turn off in turn from the right, those that go left from the left. */
function byFewestCrossings(a: Piece, b: Piece): number {
  const goesRight = ({ top, low, high }: Piece) => high - top >= top - low;
  if (goesRight(a) !== goesRight(b)) return goesRight(a) ? -1 : 1;
  return goesRight(a) ? b.top - a.top : a.top - b.top;
}

function freeColumn(near: number, used: ReadonlySet<number>, columns: number): number {
  for (let aside = 1; aside < columns; aside++) {
    for (const column of [near + aside, near - aside]) {
      if (column >= 0 && column < columns && !used.has(column)) return column;
    }
  }
  return Math.max(columns - 1, ...used) + 1;
}
