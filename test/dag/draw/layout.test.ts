import test from 'ava';
import fc from 'fast-check';
import type { StrategyDefinition } from '../../../dag/definition.ts';
import { type Layout, type LayoutOptions, layoutGraph, type PlacedBox } from '../../../dag/draw/layout.ts';
import { outputId, pictureOf, requestId } from '../../../dag/draw/picture.ts';
import { feed, node, randomGraphs, strategy } from './world.ts';

const gaps = { boxGap: 20, lineGap: 10, layerGap: 40, lineSize: 6, first: requestId, last: outputId };

function layout(definition: StrategyDefinition, options: Partial<LayoutOptions> = {}): Layout {
  const { boxes, arrows } = pictureOf(definition);
  const sized = boxes.map(({ id }) => ({ id, width: 60 + 13 * (id.length % 9), height: 30 + 10 * (id.length % 4) }));
  return layoutGraph(sized, arrows, { ...gaps, ...options });
}

function overlap(a: PlacedBox, b: PlacedBox): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;
}

function overlaps({ boxes }: Layout): string[] {
  return boxes.flatMap((a, index) => boxes.slice(index + 1).flatMap((b) => (overlap(a, b) ? [`${a.id} ${b.id}`] : [])));
}

const directions = ['down', 'right'] as const;

test('no two boxes overlap, and all lie within the picture', (t) => {
  fc.assert(
    fc.property(randomGraphs(60), fc.constantFrom(...directions), fc.boolean(), (definition, direction, narrow) => {
      const placed = layout(definition, { direction, narrow });
      t.deepEqual(overlaps(placed), []);
      for (const { x, y, width, height } of placed.boxes) {
        t.true(x - width / 2 >= -0.51 && x + width / 2 <= placed.width + 0.51);
        t.true(y - height / 2 >= -0.51 && y + height / 2 <= placed.height + 0.51);
      }
    }),
    { numRuns: 60 },
  );
});

test('every arrow points onwards, from its source to its target', (t) => {
  fc.assert(
    fc.property(randomGraphs(40), (definition) => {
      const placed = layout(definition);
      const boxes = new Map(placed.boxes.map((box) => [box.id, box]));
      for (const { from, to, points } of placed.arrows) {
        t.true(boxes.get(from)!.layer < boxes.get(to)!.layer);
        t.is(points[0]!.x, boxes.get(from)!.x);
        t.is(points.at(-1)!.x, boxes.get(to)!.x);
        t.true(points.every(({ y }, index) => index === 0 || y >= points[index - 1]!.y));
      }
    }),
    { numRuns: 40 },
  );
});

test('lines that pass a layer run beside its boxes', (t) => {
  fc.assert(
    fc.property(randomGraphs(40), (definition) => {
      const placed = layout(definition);
      for (const { from, to, points } of placed.arrows) {
        for (const { x, y } of points.slice(1, -1)) {
          const inside = placed.boxes.find(
            (box) => Math.abs(box.x - x) < box.width / 2 && Math.abs(box.y - y) <= box.height / 2,
          );
          t.is(inside, undefined, `${from} → ${to} runs over ${inside?.id}`);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('sweeps never add crossings to the order given', (t) => {
  let [sorted, given] = [0, 0];
  fc.assert(
    fc.property(randomGraphs(40), (definition) => {
      const one = layout(definition).crossings;
      const other = layout(definition, { sweepsMax: 0 }).crossings;
      t.true(one <= other);
      sorted += one;
      given += other;
    }),
    { numRuns: 40, seed: 7 },
  );
  t.true(sorted < given * 0.8, `${sorted} of ${given}`);
});

test('graphs that can be drawn without crossings are', (t) => {
  const layers = Array.from({ length: 5 }, (_, layer) =>
    Array.from({ length: 6 }, (_, index) => {
      // Each layer holds the nodes of the one before in another order.
      const name = `n${layer}_${(index * 5 + layer) % 6}`;
      return node(name, { hard: layer === 0 ? [] : [`n${layer - 1}_${name.at(-1)}`] });
    }),
  );
  t.is(layout(strategy(layers.flat(), [])).crossings, 0);
});

test('a chain is straight', (t) => {
  const nodes = Array.from({ length: 9 }, (_, index) =>
    node(`n${index}`, { hard: index === 0 ? [] : [`n${index - 1}`] }),
  );
  t.is(new Set(layout(strategy(nodes, ['n8'])).boxes.map(({ x }) => x)).size, 1);
});

test('a long line is straight between its first bend and its last', (t) => {
  const placed = layout(feed);
  for (const { from, to, points } of placed.arrows.filter(({ points }) => points.length > 4)) {
    t.is(new Set(points.slice(1, -1).map(({ x }) => x)).size, 1, `${from} → ${to}`);
  }
});

test('the same graph has the same picture', (t) => {
  t.deepEqual(layout(feed), layout(structuredClone(feed)));
});

test('request stands alone at one end and output at the other', (t) => {
  const { boxes, bands } = layout(strategy([...feed.nodes, node('apart')], ['rank']));
  const at = (layer: number) => boxes.filter((box) => box.layer === layer).map(({ id }) => id);
  t.deepEqual(at(0), [requestId]);
  t.deepEqual(at(bands.length - 1), [outputId]);
});

test('a cycle is drawn too, as a file under repair may have one', (t) => {
  const nodes = [node('a', { hard: ['c'] }), node('b', { hard: ['a'] }), node('c', { hard: ['b'] })];
  const placed = layout(strategy(nodes, ['c']));
  t.deepEqual(overlaps(placed), []);
  t.is(placed.arrows.length, 4);
});

for (const [what, needs] of [
  ['long arrows to a few', (index: number) => [index - 1, 0, index >> 1]],
  ['arrows to the sixteen before', (index: number) => Array.from({ length: 16 }, (_, back) => index - 1 - back)],
  ['arrows from all to all', (index: number) => Array.from({ length: index }, (_, other) => other)],
] as const) {
  test(`256 nodes with ${what} are laid out within a second of CPU time`, (t) => {
    const nodes = Array.from({ length: 256 }, (_, index) => {
      const known = new Set(needs(index).filter((other) => other >= 0 && other < index));
      return node(`n${index}`, { hard: [...known].map((other) => `n${other}`) });
    });
    const { boxes, arrows } = pictureOf(strategy(nodes, ['n255']));
    const sized = boxes.map(({ id }) => ({ id, width: 100, height: 40 }));
    const start = process.threadCpuUsage();
    const placed = layoutGraph(sized, arrows, gaps);
    const took = process.threadCpuUsage(start).user / 1000;
    t.true(took < 1000, `${took} ms`);
    t.deepEqual(overlaps(placed), []);
    t.is(placed.arrows.length, arrows.length);
  });
}

test('random graphs of up to 256 nodes are laid out within a second of CPU time', (t) => {
  fc.assert(
    fc.property(randomGraphs(256), (definition) => {
      const start = process.threadCpuUsage();
      const placed = layout(definition);
      const took = process.threadCpuUsage(start).user / 1000;
      t.true(took < 1000, `${definition.nodes.length} nodes took ${took} ms`);
      t.deepEqual(overlaps(placed), []);
    }),
    { numRuns: 8 },
  );
});
