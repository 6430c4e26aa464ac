import test from 'ava';
import fc from 'fast-check';
import { outputId, pictureOf, requestId } from '../../../dag/draw/picture.ts';
import { columnsOf, plainLine } from '../../../dag/draw/terminal/text.ts';
import { drawTerminal } from '../../../dag/draw/terminal.ts';
import { drawTimelineTerminal } from '../../../dag/draw/timeline.ts';
import { readDrawing } from './read-drawing.ts';
import {
  ended,
  expression,
  failedTrace,
  feed,
  feedTrace,
  node,
  randomGraphs,
  small,
  strategy,
  traceOf,
} from './world.ts';

function body(drawing: string): string {
  return drawing.split('\n\n')[1]!;
}

test('a graph is boxes and lines', (t) => {
  t.is(
    drawTerminal(small, { width: 80 }),
    `feed.recommend

                       ┌─────────┐
                       │ request │
                       └────┬────┘
                  ┌─────────┴──────┐
                  │                │
      ┌───────────▼─────┐  ┌───────▼───────────────┐
      │ profile         │  │ extra                 │
      │ call Users/get  │  │ call Extra/find       │
      └────────┬────────┘  │ when params.useExtra  │
               │           └───────────┬───────────┘
               │                       ╎
        ┌──────▼──────┐                ╎
        │ recall      │                ╎
        │ run recall  │                ╎
        └──────┬──────┘                ╎
               ├─────────┐             ╎
               │         │             ╎
┌──────────────▼──┐      │             ╎
│ light           │      │             ╎
│ run light       │      │             ╎
│ for rank: light │      │             ╎
└────────┬────────┘      │             ╎
         └┈┈┈┈┈┈┈┈┈┈┈┈┈┐ │     ┌╌╌╌╌╌╌╌┘
                       ┊ │     ╎
               ┌───────▼─▼─────▼───────┐
               │ rank                  │
               │ run rank in pool rank │
               └───────────┬───────────┘
                           │
                      ┌────▼────┐
                      │ output  │
                      └─────────┘

╌╌ can do without   ┈┈ may stand in
`,
  );
});

test('a graph that is too wide is a list of its layers, with what each node waits for', (t) => {
  t.is(
    body(drawTerminal(small, { width: 26 })),
    `layer 1
  request
layer 2
  profile  call Users/get
      ← request
  extra    call Extra/find
      ← request
layer 3
  recall   run recall
      ← profile
layer 4
  light    run light
      ← recall
layer 5
  rank     run rank in po…
      ← recall, extra?,
        light (light)
layer 6
  output
      ← rank`,
  );
});

test('a run in a terminal is bars', (t) => {
  t.is(
    drawTimelineTerminal(failedTrace, 72),
    `feed.recommend failed after 30 ms at level 1
DEADLINE_EXCEEDED: feed.recommend failed at rank: similar took longer
  than 20 ms
critical path: profile 10 ms (33 %) → similar 20 ms (67 %) → merge

           0                          30.6 ms
✓ profile* ███████████                        10 ms, value
× popular  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  30 ms
- fresh    ···········                        skipped, level 1 skipped
✗ similar* ···········▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  20 ms, DEADLINE_EXCEEDED
✗ merge  * ·································  failed, DEADLINE_EXCEEDED
× rank     ·································  cancelled

· waits   █ runs   * critical path   ✓ done   ✗ failed   - skipped
× cancelled
`,
  );
});

test('following the lines from every head gives all arrows and no others', (t) => {
  const name = (id: string) => (id === requestId || id === outputId ? id.slice(1) : id);
  let drawn = 0;
  fc.assert(
    fc.property(randomGraphs(14), (definition) => {
      const { boxes, arrows } = pictureOf(definition);
      const drawing = drawTerminal(definition, { width: 400 });
      if (!drawing.includes('▼')) return;
      drawn++;
      t.deepEqual(
        readDrawing(
          drawing,
          boxes.map((box) => box.name),
        ),
        arrows.map(({ from, to }) => `${name(from)} → ${name(to)}`).toSorted(),
      );
    }),
    { numRuns: 60 },
  );
  t.true(drawn > 30, `${drawn} of 60 were drawn`);
});

test('lines that change places in one gap do not touch', (t) => {
  // Each of a, b, c needs the one across: their lines ask each other in a ring to turn off first.
  const tops = ['a', 'b', 'c', 'd'].map((name) => node(name));
  const ring = [
    ...tops,
    node('e', { hard: ['b', 'c'] }),
    node('f', { hard: ['c', 'a', 'd'] }),
    node('g', { hard: ['a', 'b'] }),
  ];
  const definition = strategy(ring, ['e', 'f', 'g']);
  const { arrows } = pictureOf(definition);
  t.deepEqual(
    readDrawing(drawTerminal(definition, { width: 120 }), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'output']),
    arrows.map(({ from, to }) => `${from} → ${to === outputId ? 'output' : to}`).toSorted(),
  );
});

test('no line is wider than asked', (t) => {
  fc.assert(
    fc.property(randomGraphs(30), fc.integer({ min: 20, max: 140 }), (definition, width) => {
      for (const line of drawTerminal(definition, { width }).split('\n')) t.true(columnsOf(line) <= width, line);
    }),
    { numRuns: 60 },
  );
  for (let width = 30; width <= 130; width += 5) {
    for (const trace of [feedTrace, failedTrace]) {
      const text = drawTerminal(feed, { width, trace }) + drawTimelineTerminal(trace, width);
      for (const line of text.split('\n')) t.true(columnsOf(line) <= width, `${width}: ${line}`);
    }
  }
});

test('colour adds nothing but colour', (t) => {
  const stripped = (text: string) => text.replace(/\p{Cc}\[[\d;]*m/gu, '');
  for (const width of [40, 100]) {
    const plain = drawTerminal(feed, { width, trace: feedTrace });
    const coloured = drawTerminal(feed, { width, trace: feedTrace, colour: true });
    t.not(plain, coloured);
    t.is(stripped(coloured), plain);
    t.is(stripped(drawTimelineTerminal(feedTrace, width, { colour: true })), drawTimelineTerminal(feedTrace, width));
  }
});

test('a run over the graph shows ends, times, marks and the critical path', (t) => {
  for (const width of [40, 110]) {
    const drawing = drawTerminal(feed, { width, trace: feedTrace });
    for (const text of [
      '✓ features 31.8 ms',
      '- fresh',
      '! 2 of 60 lost',
      '! light rankLight',
      'critical path: profile',
    ]) {
      t.true(drawing.includes(text), `${width}: ${text}`);
    }
  }
  const heads = drawTerminal(feed, { width: 110, trace: feedTrace }).match(/┃ ✓ \w+/g);
  t.deepEqual(
    heads?.toSorted(),
    ['features', 'merge', 'profile', 'rank', 'rankLight', 'similar'].map((name) => `┃ ✓ ${name}`).toSorted(),
  );
});

test('nothing that is drawn can move the cursor or turn the text round', (t) => {
  const nasty = '\u{1B}[2J\u{7}\u{202E}a\nb\u{9B}31m';
  t.is(plainLine(nasty), '\u{FFFD}[2J\u{FFFD}\u{FFFD}a b\u{FFFD}31m');
  const definition = strategy([node('a', { work: { kind: 'value', value: expression(nasty) }, when: nasty })], ['a'], {
    name: nasty,
  });
  const failure = { code: 'INTERNAL', message: nasty } as const;
  const trace = traceOf([ended('a', [0, 0, 1], { end: 'failed', failure, marks: [nasty] })], 1, {
    failure,
    strategy: nasty,
  });
  for (const width of [24, 80]) {
    const text = drawTerminal(definition, { width, trace }) + drawTimelineTerminal(trace, width);
    t.notRegex(text, /[^\P{Cc}\n]|\p{Bidi_Control}/u);
  }
});

test('wide characters take two columns', (t) => {
  t.is(columnsOf('日本'), 4);
  t.is(columnsOf('e\u{301}'), 1);
  const work = { kind: 'value', value: expression("'日本語の値'") } as const;
  const lines = body(drawTerminal(strategy([node('a', { work })], ['a']), { width: 60 })).split('\n');
  t.is(columnsOf(lines[0]!), columnsOf(lines.find((line) => line.includes('日本'))!));
});
