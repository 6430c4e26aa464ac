// Reads a drawing of boxes and lines back into a graph, as a person would: from each arrow's head along the line to the
// boxes where it began. Lines that meet join unless one passes straight over the other.

interface Frame {
  readonly name: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

type Way = 'up' | 'down' | 'left' | 'right';

const arms: Readonly<Record<Way, string>> = {
  up: '│╎┊└┘├┤┴┼',
  down: '│╎┊┌┐├┤┬┼',
  left: '─╌┈┐┘┤┬┴┼',
  right: '─╌┈┌└├┬┴┼',
};
const steps = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] } as const;
const back = { up: 'down', down: 'up', left: 'right', right: 'left' } as const;
const uprights = '│╎┊';

/** `from → to` for each arrow, sorted. `names` are those of the boxes; each stands first in its box. */
export function readDrawing(drawing: string, names: readonly string[]): string[] {
  const rows = drawing.split('\n').map((line) => [...line]);
  const frames = names.map((name) => findFrame(rows, name));
  const found = new Set<string>();
  for (const frame of frames) {
    for (let x = frame.left; x <= frame.right; x++) {
      if (rows[frame.top]![x] !== '▼') continue;
      for (const source of sourcesOf(rows, frames, x, frame.top - 1)) found.add(`${source} → ${frame.name}`);
    }
  }
  return [...found].toSorted();
}

function findFrame(rows: readonly string[][], name: string): Frame {
  for (const [y, row] of rows.entries()) {
    const left = row.findIndex((character, x) => {
      const text = row.slice(x + 2, x + 3 + name.length).join('');
      return character === '│' && row[x + 1] === ' ' && text === `${name} ` && '┌'.includes(rows[y - 1]?.[x] ?? ' ');
    });
    if (left === -1) continue;
    const right = rows[y - 1]!.indexOf('┐', left);
    let bottom = y;
    while (rows[bottom]![left] !== '└') bottom++;
    return { name, left, right, top: y - 1, bottom };
  }
  throw new Error(`there is no box of ${name}`);
}

function sourcesOf(rows: readonly string[][], frames: readonly Frame[], fromX: number, fromY: number): Set<string> {
  const sources = new Set<string>();
  const seen = new Set<string>();
  const open: { x: number; y: number; way: Way }[] = [{ x: fromX, y: fromY, way: 'up' }];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const { x, y, way } = one;
    const key = `${x} ${y} ${way}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const frame = frames.find(({ left, right, top, bottom }) => x >= left && x <= right && y >= top && y <= bottom);
    if (frame !== undefined) {
      if (way === 'up' && y === frame.bottom) sources.add(frame.name);
      continue;
    }
    const character = rows[y]?.[x] ?? ' ';
    const passes = (way === 'left' || way === 'right') && uprights.includes(character);
    const ways = passes
      ? [way]
      : (Object.keys(arms) as Way[]).filter((next) => next !== back[way] && arms[next].includes(character));
    for (const next of ways) open.push({ x: x + steps[next][0], y: y + steps[next][1], way: next });
  }
  return sources;
}
