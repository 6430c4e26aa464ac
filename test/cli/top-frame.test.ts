import test from 'ava';
import fc from 'fast-check';
import { frame } from '../../cli/top/frame.ts';
import { press } from '../../cli/top/keys.ts';
import { lineText, lineWidth } from '../../cli/top/line.ts';
import { emptyPicture, observe, type Picture } from '../../cli/top/picture.ts';
import type { AdminAnswers, Path } from '../../cli/top/poll.ts';
import { ansiText } from '../../cli/top/screen.ts';
import { asciiSymbols, unicodeSymbols } from '../../cli/top/symbols.ts';
import { firstView, methodSorts, threadSorts, type View } from '../../cli/top/view.ts';
import type { FiberRow } from '../../runtime/thread-report.ts';
import { answers, looked, method, pool, service, thread } from './top-admin.ts';

const address = 'http://127.0.0.1:7199';
const now = { nowMs: 10_000, wallMs: 0 };

function pictureOf(...looks: Partial<AdminAnswers>[]): Picture {
  const firstMs = now.nowMs - (looks.length - 1) * 1000;
  return looks.reduce(
    (picture, seen, index) => {
      return observe(picture, looked(firstMs + index * 1000, seen));
    },
    emptyPicture(address, 1000),
  );
}

function draw(picture: Picture, own: Partial<View> = {}, columns = 120, rows = 40): string[] {
  return frame(picture, { ...firstView, ...own }, { columns, rows }, now, unicodeSymbols).lines.map(lineText);
}

function rowOf(lines: string[], name: string): string {
  return lines.find((line) => line.startsWith(name)) ?? `no line of ${name} in\n${lines.join('\n')}`;
}

const count = fc.oneof(fc.nat(9), fc.nat(1e9), fc.double({ min: 0, max: 1e15, noNaN: true }));
const name = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constant('順位👍é'),
);
const codes = fc.dictionary(fc.constantFrom('OK', 'UNAVAILABLE', 'INTERNAL'), count);
const running = fc.record({ method: name, fiber: fc.nat(), fingerprint: name, forMs: count });
const threadRow = fc.record(
  {
    name,
    number: fc.nat(255),
    pool: name,
    state: fc.oneof(name, fc.constant('starting')),
    ageMs: count,
    parked: fc.boolean(),
    fibers: count,
    nested: count,
    asked: count,
    connections: count,
    running,
    memoryBytes: count,
  },
  { requiredKeys: ['name', 'number', 'pool', 'state', 'ageMs', 'parked', 'fibers', 'nested', 'asked', 'connections'] },
);
const fiber: fc.Arbitrary<FiberRow> = fc.letrec<{ fiber: FiberRow }>((tie) => ({
  fiber: fc.record({
    id: fc.nat(),
    name,
    state: fc.constantFrom('runnable', 'running', 'blocked', 'exited'),
    on: name,
    stateMs: count,
    ageMs: count,
    leftMs: fc.double({ noNaN: true }),
    cancelled: fc.boolean(),
    children: fc.oneof({ depthSize: 'small' }, fc.constant<FiberRow[]>([]), fc.array(tie('fiber'), { maxLength: 2 })),
  }),
})).fiber;
const allAnswers: fc.Arbitrary<AdminAnswers> = fc.record({
  version: fc.record({
    heddle: name,
    node: name,
    pid: fc.nat(3),
    startedAt: fc.constant('x'),
    uptimeMs: count,
    state: fc.constantFrom('starting', 'serving', 'draining'),
    cpus: fc.nat(64),
    previous: fc.anything(),
  }),
  threads: fc.record({ threads: fc.array(threadRow) }),
  pools: fc.record({
    pools: fc.array(
      fc.record({
        name,
        threads: count,
        going: count,
        down: fc.boolean(),
        queued: fc.record({ high: count, normal: count, low: count, nested: count }),
        queueLength: count,
        fibers: count,
        maxFibers: count,
        counts: fc.dictionary(fc.constantFrom('restarts', 'death-exit', 'death-stalled', 'retired'), count),
      }),
    ),
  }),
  services: fc.record({
    services: fc.array(
      fc.record({
        name,
        pool: name,
        addresses: fc.constant([]),
        inFlight: count,
        maxConcurrency: count,
        methods: fc.array(
          fc.record({
            name,
            index: fc.nat(),
            fromSockets: codes,
            fromFibers: codes,
            latencyMeanMs: count,
            latencyP50Ms: count,
            latencyP99Ms: count,
          }),
        ),
      }),
    ),
  }),
  quarantine: fc.record({
    refused: fc.array(fc.record({ method: name, fingerprint: name, kills: count, until: name })),
  }),
  fibers: fc.record({
    threads: fc.array(
      fc.record(
        { thread: name, number: fc.nat(255), answered: fc.boolean(), fibers: fc.array(fiber), more: count, running },
        { requiredKeys: ['thread', 'number', 'answered', 'fibers', 'more'] },
      ),
    ),
  }),
});
const failures = fc.dictionary(
  fc.constantFrom<Path>('version', 'threads', 'services'),
  fc.record({ kind: fc.constant('unreachable' as const), what: name }),
);
const anyView = fc.record({
  focus: fc.constantFrom('overview', 'pools', 'threads', 'methods', 'fibers', 'help'),
  methodSort: fc.constantFrom(...methodSorts),
  threadSort: fc.constantFrom(...threadSorts),
  paused: fc.boolean(),
  scroll: fc.nat(1000),
  fiberThread: fc.option(name, { nil: undefined }),
}) as fc.Arbitrary<View>;

test('never draws a line wider than the terminal nor more lines than it has, and nothing that it would obey', (t) => {
  const looks = fc.array(fc.tuple(allAnswers, failures), { maxLength: 3 });
  const size = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 1, max: 60 }) });
  const symbols = fc.constantFrom(asciiSymbols, unicodeSymbols);
  const property = fc.property(looks, anyView, size, symbols, (seen, view, { columns, rows }, set) => {
    const picture = seen.reduce(
      (before, [one, failed], index) => {
        return observe(before, { ...looked(index * 1000, one), failures: failed });
      },
      emptyPicture(address, 1000),
    );
    const { lines, scroll } = frame(picture, view, { columns, rows }, now, set);
    if (lines.length !== rows || scroll > view.scroll) return false;
    return lines.every((line) => lineWidth(line) <= columns && !/\p{Cc}/u.test(lineText(line)));
  });
  t.notThrows(() => fc.assert(property, { numRuns: 400 }));
});

test('an idle healthy process in 80 columns', (t) => {
  const lines = draw(pictureOf(answers(), answers()), {}, 80, 12);
  t.deepEqual(lines.slice(2), [
    'POOL      STATE THREADS HIGH NORMAL  LOW NESTED FULL    FIBERS RESTARTS DEATHS',
    'ranking   ok        2/2    0      0    0      0 ····   0/1,000        0      0',
    '',
    'THREAD       STATE    FIBERS NESTED ASKED CONNS   MEMORY RUNS',
    'ranking-1    going         0      0     0     0        - -',
    '',
    'METHOD               REQUESTS/S ERRORS/S AT ONCE      P50      P99 MOSTLY',
    'movies.Search/search          0        0       0        -        -',
    '',
    'q quit  ? help  p pools  t threads  m methods  f fibers  space pause  s by rate',
  ]);
  t.regex(lines[0]!, /^heddle 1\.2\.3 {2}serving {2}pid 4711 {2}up 2h 13m {2}127\.0\.0\.1:7199 +\d\d:\d\d:\d\d$/);
  t.is(lines[1], '0 requests/s  0 errors/s  0 fibers  0 conns');
});

test('an overloaded service shows what is at once under way, of what it takes, in 80 columns too', (t) => {
  const seen = (refused: number) => {
    const methods = [
      method({ name: 'recommendations', fromSockets: { OK: 100 + refused, RESOURCE_EXHAUSTED: refused } }),
    ];
    return answers({ services: { services: [service({ methods, inFlight: 1024, adaptiveLimit: 1024.7 })] } });
  };
  const picture = pictureOf(seen(0), seen(3000));
  for (const columns of [80, 100, 120]) {
    const row = rowOf(draw(picture, {}, columns), 'movies.Search/re');
    t.regex(row, / 3,000 +1,02\d\/1,02\d .* RESOURCE/, `${columns} columns`);
  }
});

test('a pool whose new code gets a share of the calls says so', (t) => {
  const pools = [pool({ name: 'ranking', canaryPercent: 10 })];
  t.regex(rowOf(draw(pictureOf(answers({ pools: { pools } }))), 'ranking'), /^ranking +canary 10 % /);
});

test('a pool that is down, without threads, full, short or busy says so in words', (t) => {
  const queued = { high: 0, normal: 0, low: 0, nested: 100 };
  const pools = [
    pool({ name: 'a', down: true, going: 0 }),
    pool({ name: 'b', queued }),
    pool({ name: 'c', going: 1 }),
    pool({ name: 'd', fibers: 1000 }),
    pool({ name: 'e' }),
    pool({ name: 'f', going: 0 }),
  ];
  const lines = draw(pictureOf(answers({ pools: { pools } })));
  const words = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => rowOf(lines, `${name} `).split(/ {2,}| (?=\d)/)[1]);
  t.deepEqual(words, ['DOWN', 'FULL', 'short', 'busy', 'ok', 'NO THREAD']);
});

test("a pool's deaths are counted over all causes, and named where there is room", (t) => {
  const counts = { 'death-stalled': 2, 'death-exit': 1, 'death-exception': 0, restarts: 3, retired: 4 };
  const row = rowOf(draw(pictureOf(answers({ pools: { pools: [pool({ counts })] } })), {}, 160), 'ranking ');
  t.regex(row, / 3 +3 stalled 2, exit 1, retired 4$/);
});

test('a thread that one handler holds for over 200 ms is STALLED, comes first, and is red', (t) => {
  const running = { method: 'movies.Search/search', fiber: 1, fingerprint: 'ab', forMs: 4200 };
  const threads = [thread({ name: 'io-1', parked: true }), thread({ running })];
  const picture = pictureOf(answers({ threads: { threads } }));
  const lines = draw(picture);
  t.regex(rowOf(lines, 'ranking-1'), /^ranking-1 +STALLED .* 4\.2 s movies\.Search\/search$/);
  t.regex(rowOf(lines, 'io-1'), /^io-1 +idle /);
  t.true(lines.findIndex((line) => line.startsWith('ranking-1')) < lines.findIndex((line) => line.startsWith('io-1')));
  const drawn = frame(picture, firstView, { columns: 120, rows: 40 }, now, asciiSymbols).lines;
  const red = drawn.map((line) => ansiText(line, true)).find((line) => line.includes('STALLED'));
  t.true(red?.includes('\x1b[1;31mSTALLED\x1b[0m'));
  const colourless = drawn.map((line) => ansiText(line, false)).join('');
  t.notRegex(colourless, /\[(1;)?3\dm/);
});

test('methods are sorted by rate, and by what s chooses', (t) => {
  const at = (slow: number, fast: number) => {
    const methods = [
      method({ name: 'slow', fromSockets: { OK: slow, INTERNAL: slow }, latencyP99Ms: 900 }),
      method({ name: 'fast', fromSockets: { OK: fast }, latencyP50Ms: 0.214, latencyP99Ms: 2 }),
    ];
    return answers({ services: { services: [service({ methods })] } });
  };
  const picture = pictureOf(at(10, 1000), at(15, 3345));
  const names = (view: View) =>
    draw(picture, view)
      .map((line) => /^movies\.Search\/(\w+)/.exec(line)?.[1])
      .filter((found) => found !== undefined);
  const byErrors = press(firstView, 's', picture);
  t.deepEqual(
    [names(firstView), names(byErrors), names(press(byErrors, 's', picture))],
    [
      ['fast', 'slow'],
      ['slow', 'fast'],
      ['slow', 'fast'],
    ],
  );
  t.regex(rowOf(draw(picture), 'movies.Search/fast'), / 2,345 +0 +0 +0 +0\.21 ms +2 ms +4?3,345$/);
  t.regex(rowOf(draw(picture), 'movies.Search/slow'), / 10 +0 +5\.0 .* INTERNAL +30$/);
});

test('a long table leaves room for the others, says how much it hides, and p t m show the rest', (t) => {
  const threads = Array.from({ length: 100 }, (_, index) => thread({ name: `t-${index}` }));
  const picture = pictureOf(answers({ threads: { threads } }));
  const lines = draw(picture, {}, 80, 24);
  t.true(rowOf(lines, 'movies.Search/search').includes('-'));
  t.regex(rowOf(lines, 'THREAD '), / … 8\d more$/);
  const alone = frame(
    picture,
    { ...firstView, focus: 'threads', scroll: 9999 },
    { columns: 80, rows: 24 },
    now,
    asciiSymbols,
  );
  t.is(lineText(alone.lines.at(-2)!).split(' ')[0], 't-99');
  t.is(alone.scroll, 80);
});

test('quarantined requests are listed with the time that is left', (t) => {
  const until = new Date(now.wallMs + 90_000).toISOString();
  const refused = [{ method: 'a.A/b', fingerprint: 'ab12cd34', kills: 2, until }];
  const lines = draw(pictureOf(answers({ quarantine: { refused } })));
  t.regex(rowOf(lines, 'a.A/b'), /ab12cd34 +2 +1m 30s$/);
  t.false(draw(pictureOf(answers())).some((line) => line.startsWith('QUARANTINED')));
});

test('fibers are a tree; a thread that did not answer shows what is on its stack', (t) => {
  const leaf = { state: 'blocked' as const, stateMs: 12, cancelled: false, children: [] };
  const children = [
    { ...leaf, id: 2, name: 'b', on: 'call c.C/d', children: [{ ...leaf, id: 3, name: 'c' }] },
    { ...leaf, id: 4, name: 'd', cancelled: true },
  ];
  const root = { ...leaf, id: 1, name: 'a.A/b', on: 'join', ageMs: 20, leftMs: -1, children };
  const running = { method: 'x.X/y', fiber: 9, fingerprint: 'ab', forMs: 4200 };
  const fiberThreads = [
    { thread: 'one', number: 1, answered: true, fibers: [root], more: 0 },
    { thread: 'two', number: 2, answered: false, running, fibers: [], more: 0 },
  ];
  const threads = [thread({ name: 'one' }), thread({ name: 'two', running })];
  const picture = pictureOf(answers({ threads: { threads }, fibers: { threads: fiberThreads } }));
  const first = draw(picture, { focus: 'fibers' });
  t.regex(first[2]!, /^two \(2 of 2/);
  t.is(first[3], 'DID NOT ANSWER within 100 ms; on its stack: 4.2 s x.X/y (fiber #9)');
  const view = press(press(firstView, 'f', picture), 'left', picture);
  const lines = draw(picture, view, 100);
  t.deepEqual(
    lines.slice(4, 8).map((line) => line.replace(/ {2,}/g, '  ')),
    [
      '#1 a.A/b  blocked  12 ms join  20 ms  over',
      '├─ #2 b  blocked  12 ms call c.C/d',
      '│  └─ #3 c  blocked  12 ms -',
      '└─ #4 d  CANCELLED  12 ms -',
    ],
  );
});

test('says that nobody answers, for how long and why; a new pid is a restart, with how the one before ended', (t) => {
  const before = pictureOf(answers());
  const failure = { kind: 'unreachable' as const, what: 'connection refused' };
  const gone = observe(before, { atMs: 10_000, answers: {}, failures: { version: failure } });
  const drawn = frame(gone, firstView, { columns: 120, rows: 24 }, { ...now, nowMs: 15_000 }, asciiSymbols).lines;
  t.regex(lineText(drawn[0]!), /NOT ANSWERING {2}pid 4711/);
  t.is(lineText(drawn[2]!), 'NO ANSWER from http://127.0.0.1:7199 for 5s (connection refused); trying again every 1s');
  t.regex(lineText(drawn[1]!), /^- requests\/s {2}- errors\/s/);

  const previous = { pid: 4711, signal: 'SIGKILL', upMs: 1, ready: true, deaths: 1 };
  const version = { ...answers().version, pid: 4712, uptimeMs: 3000, previous };
  const again = observe(gone, looked(10_000, answers({ version })));
  t.is(draw(again)[2], 'RESTARTED 3s ago: pid 4711, now 4712; pid 4711 ended by SIGKILL');
});

test('a main thread that the process has not heard of for long hangs', (t) => {
  const threads = [thread({ name: 'main', number: 0, state: 'silent' })];
  t.regex(draw(pictureOf(answers({ threads: { threads } })))[2]!, /^MAIN THREAD HANGS; `heddle admin profile main`/);
});

test('an admin whose main thread hangs: what main does, and how old the rest is', (t) => {
  const { pools, ...rest } = answers();
  const hottest = { function: 'spin', at: 'app.ts:12', share: 0.97 };
  const main = { hottest, profile: undefined };
  const first = observe(emptyPicture(address, 1000), looked(0, { ...rest, pools }));
  const failures = { pools: { kind: 'refused' as const, what: 'main is silent', main } };
  const lines = draw(observe(first, { ...looked(10_000, rest), failures }));
  t.is(lines[2], 'MAIN THREAD HANGS: 97% of its time in spin at app.ts:12');
  t.is(lines[3], 'the pools shown are 10s old: main is silent');
  t.regex(rowOf(lines, 'ranking '), / ok /);
});
