// What is given by hand, and what a what-if says of it.

import test from 'ava';
import { explain } from '../../../dag/simulate/explain.ts';
import { formatExplanation } from '../../../dag/simulate/format-explanation.ts';
import { formatSimulation } from '../../../dag/simulate/format-simulation.ts';
import { simulate } from '../../../dag/simulate/simulate.ts';
import { wrapped } from '../../../dag/simulate/wrap.ts';
import { definitionOf, feed } from './feed.ts';

const request = { user: 'u1', k: 5 };
const tested = 'tests: [{ name: one, mocks: { a: { result: 1 }, b: { result: 2 } } }]';

test('parameters and failing nodes that the strategy has not are refused, all at once', (t) => {
  const error = t.throws(() => explain(feed(), request, { params: { useExtras: true }, failing: ['rnak', 'rank'] }), {
    code: 'INVALID_ARGUMENT',
  });
  t.is(
    error?.message,
    'no layer of feed owns a parameter "useExtras" (did you mean \'useExtra\'?); there are useExtra\n' +
      'feed has no node "rnak" (did you mean \'rank\'?); there are profile, recall, extra, rank, rankLight',
  );
});

test('a value that the parameter can not have is refused, also in what if', (t) => {
  const message = /parameter useExtra is a string, but its default false is a boolean/;
  t.throws(() => simulate(feed(), {}, { runs: 1, params: { useExtra: 'x' } }), { message });
  t.throws(() => simulate(feed(), {}, { runs: 1, whatIf: ['params.useExtra=x'] }), { message });
});

test('an edit without a key is told one that is right', (t) => {
  const advice = (whatIf: string) => t.throws(() => simulate(feed(), {}, { runs: 1, whatIf: [whatIf] }))?.message;
  t.is(advice('budget=3'), 'what if budget=3: it says no key of budget; write budget.total=60ms, for example');
  t.is(advice('rank=3'), 'what if rank=3: it says no key of rank; write rank.timeout=20ms, for example');
  t.is(advice('params=3'), 'what if params=3: it says no key of params; write params.useExtra=false, for example');
  t.is(advice('useExtra=true'), 'what if useExtra=true: useExtra is a parameter; write params.useExtra=true');
  t.regex(advice('rnak=3') ?? '', /feed has no node "rnak" \(did you mean 'rank'\?\)/);
  for (const right of ['budget.total=60ms', 'rank.timeout=20ms', 'params.useExtra=false']) {
    t.notThrows(() => simulate(feed(), {}, { runs: 1, whatIf: [right] }));
  }
});

test('whatever a variant changes is said: latency, successes, degradation, calls', (t) => {
  const definition = definitionOf(
    `nodes: { a: { run: ./a.ts#a }, b: { run: ./a.ts#b } }\noutput: a\n` +
      `degrade: { levels: { 1: { replace: { a: b } } } }\n${tested}`,
  );
  const model = { a: { latency: { p50: 5 } }, b: { latency: { p50: 5 } } };
  const simulation = simulate(definition, model, { runs: 50, whatIf: ['level=1', 'a.timeout=1s'] });
  const text = formatSimulation(simulation, { width: 160 });
  t.regex(text, /\n {2}level=1 .* {2}degraded \+100 %\n/);
  t.regex(text, /\n {2}a\.timeout=1s .* {2}no change\n/);
  const [, same] = simulation.variants;
  const faster = { ...same!, latency: { ...same!.latency, p50Ms: 3 } };
  t.regex(formatSimulation({ ...simulation, variants: [faster] }, { width: 160 }), / {2}p50 −2 ms\n/);
});

test('explanations and simulations fit into 80 columns', (t) => {
  const explanation = formatExplanation(explain(feed(), request, { failing: ['profile'] }), { width: 80 });
  const simulation = formatSimulation(simulate(feed(), {}, { runs: 50 }), { width: 80 });
  for (const line of [...explanation.split('\n'), ...simulation.split('\n')]) t.true(line.length <= 80, line);
});

test('a long line is broken between words, and a long word stays whole', (t) => {
  t.deepEqual(wrapped('one two three four five six seven', 26, 2), ['one two three four five', '  six seven']);
  t.deepEqual(wrapped('short', 3, 2), ['short']);
  t.deepEqual(wrapped('a'.repeat(50), 26, 2), ['a'.repeat(50)]);
});
