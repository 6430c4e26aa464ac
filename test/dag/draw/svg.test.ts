import test from 'ava';
import fc from 'fast-check';
import { outputId, pictureOf, requestId } from '../../../dag/draw/picture.ts';
import { drawSvg, type NodeShare } from '../../../dag/draw/svg.ts';
import { byClass, type Element, elementsOf, parseMarkup, textOf } from './markup.ts';
import { expression, failedTrace, feed, feedTrace, map, node, randomGraphs, small, strategy } from './world.ts';

const nasty = `</text><script>alert(1)</script> & "quotes" 'single' \${x} ]]> \u{0}\u{1B}[31m \u{FFFE} -->`;

function titleOf(element: Element): string {
  const title = element.children.find((child) => typeof child !== 'string' && child.name === 'title');
  return title === undefined || typeof title === 'string' ? '' : textOf(title);
}

function textsOf(svg: Element): string[] {
  return [...elementsOf(svg)].filter(({ name }) => name === 'text').map(textOf);
}

test('every node and every arrow is drawn once', (t) => {
  fc.assert(
    fc.property(randomGraphs(30), (definition) => {
      const svg = parseMarkup(drawSvg(definition));
      const picture = pictureOf(definition);
      const names = byClass(svg, 'box').map((box) => titleOf(box).split(/[:\n]/)[0]!);
      t.deepEqual(names.toSorted(), picture.boxes.map(({ name }) => name).toSorted());
      const name = (id: string) => (id === requestId || id === outputId ? id.slice(1) : id);
      const drawn = byClass(svg, 'arrow')
        .map(titleOf)
        .filter((title) => title !== '');
      t.deepEqual(
        drawn.map((title) => title.replace(/ \(.*\)$/, '')).toSorted(),
        picture.arrows.map(({ from, to }) => `${name(from)} → ${name(to)}`).toSorted(),
      );
    }),
    { numRuns: 25 },
  );
});

test('a node says its name, what it does, and what protects it', (t) => {
  const texts = textsOf(parseMarkup(drawSvg(feed)));
  for (const text of [
    'profile',
    'call Users/get',
    'run rank in pool rank',
    'strategy feed.fresh',
    'timeout 10 ms',
    'retry ×2',
    'hedge p95',
    'cache 1 min',
    'breaker 50 %',
    'foreach ×300, 8 at once, quorum 250',
    'when params.useFresh',
    'else stale',
    'level 1 skips',
    'light, level 2',
    'budget 80 ms, 5 ms of it in reserve',
  ]) {
    t.true(texts.includes(text), text);
  }
});

test('hard, soft and stand-in arrows differ, and the legend says how', (t) => {
  const svg = parseMarkup(drawSvg(small));
  const titles = (kind: string) =>
    byClass(svg, 'arrow', kind)
      .map(titleOf)
      .filter((title) => title !== '');
  t.deepEqual(titles('soft'), ['extra → rank']);
  t.deepEqual(titles('stand-in'), ['light → rank (light)']);
  t.is(titles('hard').length, 6);
  const legend = textOf(byClass(svg, 'legend')[0]!);
  for (const text of ['needs', 'can do without', 'may stand in', 'calls a service', 'runs a function']) {
    t.true(legend.includes(text), text);
  }
  t.false(legend.includes('runs a strategy'));
});

test('text stays text, whatever it is', (t) => {
  const definition = strategy(
    [
      node('a', { work: { kind: 'value', value: expression(nasty) }, when: nasty, pool: nasty }),
      node('b', { hard: ['a'], fallback: [{ kind: 'value', value: map({ [nasty]: nasty }) }] }),
      node('constructor', { hard: ['b'] }),
    ],
    ['constructor'],
    { name: nasty, description: nasty },
  );
  const markup = drawSvg(definition);
  const svg = parseMarkup(markup);
  t.false([...elementsOf(svg)].some(({ name }) => name === 'script'));
  t.notRegex(markup, /[^\P{Cc}\t\n\r]|[\u{FFFE}\u{FFFF}]/u);
  t.true(textsOf(svg).some((text) => text.startsWith('</text><script>alert(1)</script> & "quotes"')));
});

test('it needs nothing from elsewhere and has no ids, so that it can stand in a page twice', (t) => {
  const markup = drawSvg(feed, { trace: feedTrace });
  const svg = parseMarkup(markup);
  t.is(markup.match(/https?:[^"]*/g)?.join(), 'http://www.w3.org/2000/svg');
  for (const { attributes } of elementsOf(svg)) {
    for (const name of Object.keys(attributes)) t.false(/^(id|href|on\w+)$/.test(name), name);
  }
  const rules = byClass(svg, 'heddle-graph')[0]!.children.find((child) => typeof child !== 'string')!;
  t.notRegex(String((rules as Element).children[0]), /url\(|@import|var\(/);
});

test('colours follow the reader unless a theme is asked for', (t) => {
  t.true(drawSvg(small).includes('@media (prefers-color-scheme: dark)'));
  t.false(drawSvg(small, { theme: 'dark' }).includes('@media'));
  t.not(drawSvg(small, { theme: 'dark' }), drawSvg(small, { theme: 'light' }));
});

test('a run is drawn over the graph', (t) => {
  const svg = parseMarkup(drawSvg(feed, { trace: feedTrace }));
  const texts = textsOf(svg);
  t.true(texts.includes('31.8 ms'));
  t.true(texts.includes('2 of 60 lost'));
  t.true(texts.includes('light rankLight'));
  t.true(texts.some((text) => text.includes('features 31.8 ms (51 %)')));
  t.deepEqual(
    byClass(svg, 'box', 'critical').map((box) => titleOf(box).split(':')[0]),
    ['profile', 'similar', 'merge', 'features', 'rank', 'rankLight'],
  );
  t.deepEqual(
    byClass(svg, 'arrow', 'critical')
      .map(titleOf)
      .filter((title) => title !== '')
      .toSorted(),
    [
      'features → rank',
      'merge → features',
      'profile → similar',
      'rank → output',
      'rankLight → rank (light, level 2)',
      'request → profile',
      'similar → merge',
    ],
  );
});

test('a failed run shows where, and what never came to run', (t) => {
  const svg = parseMarkup(drawSvg(feed, { trace: failedTrace }));
  const names = (state: string) => byClass(svg, 'box', state).map((box) => titleOf(box).split(':')[0]);
  t.deepEqual(names('failed'), ['similar', 'merge']);
  t.deepEqual(names('cancelled'), ['popular', 'rank']);
  t.deepEqual(names('idle'), ['features', 'rankLight']);
  t.false(byClass(svg, 'arrow', 'critical').some((arrow) => titleOf(arrow).endsWith('output')));
});

test('live counters are drawn over the graph', (t) => {
  const shares = new Map<string, NodeShare>([['rank', { critical: 0.38, runs: 12_408, p99Ms: 41 }]]);
  const svg = parseMarkup(drawSvg(feed, { shares }));
  t.deepEqual(byClass(svg, 'small').map(textOf), ['38 % of path · 12,408 runs · p99 41 ms']);
});

test('boxes are as wide as their text needs, and not wider than 246', (t) => {
  const long = strategy([node('x'.repeat(64), { when: 'y'.repeat(500) })], ['x'.repeat(64)]);
  const widths = byClass(parseMarkup(drawSvg(long)), 'body').map(({ attributes }) => Number(attributes.width));
  t.deepEqual(widths.slice(0, 1), [246]);
});

test('the same definition gives the same text, either way round', (t) => {
  for (const direction of ['down', 'right'] as const) {
    t.is(drawSvg(feed, { direction }), drawSvg(structuredClone(feed), { direction }));
  }
  t.not(drawSvg(feed, { direction: 'down' }), drawSvg(feed, { direction: 'right' }));
});
