import { createHash } from 'node:crypto';
import test from 'ava';
import { criticalSteps } from '../../../dag/draw/critical-path.ts';
import { valueCharsMax } from '../../../dag/draw/timeline/page.ts';
import { lanesMax, timelineOf } from '../../../dag/draw/timeline/rows.ts';
import { pageScript, pageScriptHash } from '../../../dag/draw/timeline/script.ts';
import { drawTimeline, drawTimelineSvg } from '../../../dag/draw/timeline.ts';
import { byClass, type Element, elementsOf, parseMarkup, textOf } from './markup.ts';
import { attempt, ended, failedTrace, feed, feedTrace, traceOf } from './world.ts';

const nasty = `</script></pre><script>alert(1)</script> & "q" 'q' \${x} ]]> <!-- \u{0} \u{2028}`;

function rowsOf(markup: string): Element[] {
  return byClass(parseMarkup(markup), 'row');
}

function row(markup: string, name: string): Element {
  return rowsOf(markup).find(({ attributes }) => attributes['data-node'] === name)!;
}

function numbers({ attributes }: Element): { x: number; width: number } {
  return { x: Number(attributes.x), width: Number(attributes.width) };
}

test('a row for each demanded node, in the order in which they began', (t) => {
  const names = rowsOf(drawTimelineSvg(feedTrace, feed)).map(({ attributes }) => attributes['data-node']);
  t.deepEqual(names, ['profile', 'popular', 'fresh', 'similar', 'merge', 'features', 'rank', 'rankLight']);
});

test('a bar begins where its node began and ends where it ended, thin before that', (t) => {
  const svg = drawTimelineSvg(feedTrace, feed);
  const main = (name: string) => numbers(byClass(row(svg, name), 'main')[0]!);
  const perMs = main('profile').width / 6.2;
  const [profile, similar] = [main('profile'), main('similar')];
  t.true(Math.abs(similar.x - profile.x - 6.2 * perMs) < 0.5);
  t.true(Math.abs(similar.width - 13.2 * perMs) < 0.5);
  const waiting = numbers(byClass(row(svg, 'similar'), 'waiting')[0]!);
  t.deepEqual([waiting.x, Math.round(waiting.x + waiting.width)], [profile.x, Math.round(similar.x)]);
});

test('attempts, hedges and items have bars of their own', (t) => {
  const svg = drawTimelineSvg(feedTrace, feed);
  const attempts = (name: string, ...kinds: string[]) => byClass(row(svg, name), 'attempt', ...kinds).length;
  t.deepEqual([attempts('similar'), attempts('similar', 'hedge'), attempts('similar', 'lost')], [2, 1, 1]);
  t.deepEqual([attempts('popular'), attempts('popular', 'broken')], [2, 1]);
  t.deepEqual([attempts('features'), attempts('features', 'broken')], [60, 2]);
  t.is(attempts('profile'), 0);
});

test('items beyond the lanes are counted', (t) => {
  const attempts = Array.from({ length: 300 }, (_, item) => attempt(0, 10, { item }));
  const trace = traceOf([ended('each', [0, 0, 10], { attempts })], 10);
  const { lanes, hidden } = timelineOf(trace).rows[0]!;
  t.deepEqual([lanes.length, hidden], [lanesMax, 300 - lanesMax]);
  t.true(textOf(row(drawTimelineSvg(trace), 'each')).includes('+290 more'));
});

test('the critical path is marked and named, with shares that make up the run', (t) => {
  const page = parseMarkup(drawTimeline(feedTrace, feed));
  t.deepEqual(
    byClass(page, 'row', 'critical').map(({ attributes }) => attributes['data-node']),
    ['profile', 'similar', 'merge', 'features', 'rank', 'rankLight'],
  );
  t.is(
    textOf(byClass(page, 'path')[0]!),
    'critical path: profile 6.2 ms (10 %) → similar 13.2 ms (21 %) → merge → features 31.8 ms (51 %) → rankLight 10.5 ms (17 %) → rank',
  );
  const shares = criticalSteps(feedTrace).reduce((sum, { share }) => sum + share, 0);
  t.true(shares > 0.99 && shares <= 1);
});

test('deadlines are lines where they are near, and words where they are not', (t) => {
  const limits = (totalMs: number) => {
    const svg = drawTimelineSvg(feedTrace, { ...feed, budget: { ...feed.budget, totalMs } });
    t.true(svg.includes(`budget ${totalMs} ms`));
    return byClass(parseMarkup(svg), 'limit').map((limit) => textOf(limit).trim());
  };
  t.deepEqual(limits(80), ['end 61.9 ms', 'reserve', 'budget 80 ms']);
  t.deepEqual(limits(900), ['end 61.9 ms']);
});

test('the page shows what was read, what failed, and values folded away', (t) => {
  const page = textOf(parseMarkup(drawTimeline(feedTrace, feed)));
  for (const text of ['useFresh', '"gbdt-2"', 'new-model', '41213', '"user": "u42"', 'Alien <Director’s cut>']) {
    t.true(page.includes(text), text);
  }
  const failed = textOf(parseMarkup(drawTimeline(failedTrace)));
  t.true(failed.includes('feed.recommend failed at rank: similar took longer than 20 ms'));
  t.true(failed.includes('failed after 30 ms at level 1'));
});

test('text stays text, and only its own script can run', (t) => {
  const failure = { code: 'INTERNAL', message: nasty } as const;
  const nodes = [ended('a', [0, 0, 5], { failure, end: 'failed', marks: [nasty], value: { [nasty]: nasty } })];
  const exposure = { layer: nasty, experiment: nasty, variant: nasty, slot: 1, unitHash: 1, forced: true };
  const trace = traceOf(nodes, 5, {
    strategy: nasty,
    failure,
    params: { [nasty]: nasty },
    exposures: [exposure],
    request: nasty,
    result: [nasty],
  });
  const page = parseMarkup(drawTimeline(trace, feed));
  parseMarkup(drawTimelineSvg(trace, feed));
  const scripts = [...elementsOf(page)].filter(({ name }) => name === 'script');
  t.deepEqual(
    scripts.map(({ children }) => children),
    [[pageScript]],
  );
  t.is(pageScriptHash, createHash('sha256').update(pageScript).digest('base64'));
  const policy = [...elementsOf(page)].find(({ attributes }) => attributes['http-equiv'] !== undefined)!;
  t.is(
    policy.attributes.content,
    `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${pageScriptHash}'`,
  );
  for (const { attributes } of elementsOf(page)) {
    for (const name of Object.keys(attributes)) t.false(/^(href|src|style|on\w+)$/.test(name), name);
  }
});

test('values are cut where they would make the page heavy', (t) => {
  const page = drawTimeline({ ...feedTrace, result: 'x'.repeat(1_000_000) });
  t.true(page.length < valueCharsMax + 60_000);
  t.true(page.includes('characters more'));
});

test('a run that never ran anything has a timeline too', (t) => {
  const trace = traceOf([], 0, { startedAt: Number.NaN });
  parseMarkup(drawTimeline(trace));
  t.is(rowsOf(drawTimelineSvg(trace)).length, 0);
});

test('the same trace gives the same text', (t) => {
  t.is(drawTimeline(feedTrace, feed), drawTimeline(structuredClone(feedTrace), structuredClone(feed)));
});
