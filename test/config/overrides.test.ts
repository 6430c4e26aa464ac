import test from 'ava';
import { least, problemsOf, read, settled } from './read.ts';

const file = `pools: { ranking: { threads: 2 }, fresh-2: {} }
services:
  demo.Greeter: { module: ./greeter.ts, pool: ranking, timeout: 1s, listen: [ "http://127.0.0.1:80" ] }
  demo.Greeter.Inner: { module: ./greeter.ts, pool: { threads: 3 } }
  Plain: { module: ./greeter.ts, methods: { greetAll: { timeout: 1s } } }
`;

const threads = (settings: { pools: { name: string; threads: number }[] } | undefined): number | undefined =>
  settings?.pools.find((pool) => pool.name === 'ranking')?.threads;

test('a variable wins over the file, --set over the variable, a later --set over an earlier', (t) => {
  const environment = { HEDDLE_POOLS__RANKING__THREADS: '5' };
  t.is(threads(read(file).settings), 2);
  t.is(threads(read(file, { environment }).settings), 5);
  t.is(threads(read(file, { environment, overrides: ['pools.ranking.threads=6'] }).settings), 6);
  t.is(
    threads(read(file, { environment, overrides: ['pools.ranking.threads=6', 'pools.ranking.threads=7'] }).settings),
    7,
  );
});

test('names with dots are found, the longest first, and may stand in brackets', (t) => {
  const overrides = [
    'services.demo.Greeter.timeout=90ms',
    'services.demo.Greeter.Inner.pool.threads=5',
    'services["demo.Greeter"].maxConcurrency=7',
    "services['Plain'].methods.greet.timeout=20ms",
    'log.levels.acceptor=debug',
  ];
  const result = settled(t, file, { overrides });
  const [greeter, , plain] = result.settings.services;
  t.is(greeter?.timeoutMs, 90);
  t.is(greeter?.maxConcurrency, 7);
  t.deepEqual(plain?.methodTimeoutsMs, { greetAll: 1000, greet: 20 });
  t.is(result.settings.pools.find((pool) => pool.name === 'demo.Greeter.Inner')?.threads, 5);
  t.deepEqual(result.settings.log.levels, { acceptor: 'debug' });
});

test('* stands for every entry that is there', (t) => {
  const overrides = ['services.*.timeout=9ms', 'pools.*.threads=1', 'services.*.listen=["http://127.0.0.1:0"]'];
  const { services, pools } = settled(t, file, { overrides }).settings;
  t.deepEqual(
    services.map(({ timeoutMs, listen }) => [timeoutMs, listen.map(({ port }) => port)]),
    [
      [9, [0]],
      [9, [0]],
      [9, [0]],
    ],
  );
  t.is(pools.find(({ name }) => name === 'ranking')?.threads, 1);
  t.regex(
    problemsOf(file, { overrides: ['clients.*.timeout=1s'] }),
    /\* stands for every service, and the config has none/,
  );
  t.regex(problemsOf(file, { overrides: ['services.*.timeot=1s'] }), /did you mean "timeout"/);
});

test('variables match keys and names whatever their case', (t) => {
  const environment = {
    HEDDLE_IO__MAXFIBERS: '9',
    HEDDLE_SERVICES__PLAIN__METHODS__GREETALL__TIMEOUT: '30ms',
    HEDDLE_LOG__LEVELS__ACCEPTOR: 'trace',
    heddle_io__threads: '7',
    HEDDLE_HOME: '/somewhere',
    HEDDLE: 'x',
    PATH: '/bin',
  };
  const { settings } = settled(t, file, { environment });
  t.is(settings.io.maxFibers, 9);
  t.is(settings.io.threads, 1);
  t.deepEqual(settings.services[2]?.methodTimeoutsMs, { greetAll: 30 });
  t.deepEqual(settings.log.levels, { acceptor: 'trace' });
});

test('values are YAML: lists and maps are set as a whole', (t) => {
  const overrides = [
    'limits.allow=[10.0.0.0/8, "::1"]',
    'services.Plain.pool={ threads: 3 }',
    'services.demo.Greeter.listen=["heddle://127.0.0.1:0"]',
    'pools.default.threads=1',
  ];
  const { settings } = settled(t, file, { overrides });
  t.deepEqual(settings.limits.allow, ['10.0.0.0/8', '::1']);
  t.is(settings.services[2]?.pool, 'Plain');
  t.is(settings.services[0]?.listen[0]?.port, 0);
  t.is(settings.pools.find((pool) => pool.name === 'default')?.threads, 1);
});

test('an override does not change what an alias shares', (t) => {
  const text = `pools: { a: &base { threads: 2 }, b: *base }\n${least}`;
  const { settings } = settled(t, text, { overrides: ['pools.b.threads=3'] });
  t.deepEqual(
    settings.pools.map((pool) => pool.threads),
    [2, 3, 3],
  );
});

const slip = test.macro({
  title: (law) => `points into the override: ${law}`,
  exec(t, override: string, message: string, caret: string) {
    t.is(
      problemsOf(file, { overrides: [override] }),
      `--set #1: ${message}\n  --set #1: ${override}\n            ${caret}`,
    );
  },
});

test(
  'an unknown pool',
  slip,
  'pools.rankng.threads=8',
  'no pool of this name is in the config; allowed here: ranking, fresh-2, default; did you mean "ranking"?',
  '      ^^^^^^',
);
test(
  'an unknown key',
  slip,
  'pools.ranking.thread=8',
  'unknown key "thread"; allowed here: threads, maxFibers, maxNested, queue, memory, stack, timeout, stallWarning, stallLimit, cancelGrace; did you mean "threads"?',
  '              ^^^^^^',
);
test(
  'an unknown service with dots',
  slip,
  'services.demo.Gretter.timeout=1s',
  'no service of this name is in the config; allowed here: demo.Greeter, demo.Greeter.Inner, Plain; did you mean "demo.Greeter"?',
  '         ^^^^^^^^^^^^',
);
test(
  'a wrong value',
  slip,
  'pools.ranking.threads=800',
  'threads must be a whole number from 1 to 64, not 800',
  '                      ^^^',
);
test(
  'a missing value',
  slip,
  'pools.ranking.threads=',
  'threads has no value: write a whole number from 1 to 64, or take it out',
  '                      ^',
);
test('a broken value', slip, 'limits.deny=[', 'not valid YAML: flow sequence must end with a ]', '             ^');
test(
  'no equals sign',
  slip,
  'pools.ranking.threads',
  'this is not a setting: write it as pools.ranking.threads=8, or services["demo.Greeter"].timeout=1s',
  '                     ^',
);
test(
  'a path that ends in a dot',
  slip,
  'pools.=8',
  'this is not a setting: write it as pools.ranking.threads=8, or services["demo.Greeter"].timeout=1s',
  '      ^',
);
test(
  'a step into a value',
  slip,
  'services.Plain.timeout.ms=5',
  'services.Plain.timeout is one value; it has no "ms"',
  '                       ^^',
);
test(
  'a step into a list',
  slip,
  'services.demo.Greeter.listen.0=x',
  'a list is set as a whole: services.demo.Greeter.listen=[…]',
  '                             ^',
);
test(
  'a step into a pool that is only a name',
  slip,
  'services.demo.Greeter.pool.threads=4',
  'services.demo.Greeter.pool is no map here; set all of it: services.demo.Greeter.pool={ … }',
  '                           ^^^^^^^',
);
test(
  'affinity',
  slip,
  'pools.ranking.cpus=4',
  'cpus: Node can not bind a thread to a CPU; bind the whole process with taskset or the cpuset of the service manager',
  '              ^^^^',
);
test(
  'the pool io',
  slip,
  'pools.io.threads=4',
  'the pool io is the IO threads themselves; its numbers stand in the section io',
  '      ^^',
);

test('points into the variable that is wrong', (t) => {
  t.is(
    problemsOf(file, { environment: { HEDDLE_POOLS__RANKNG__THREADS: '8' } }),
    [
      'environment: no pool of this name is in the config; allowed here: ranking, fresh-2, default; did you mean "ranking"?',
      '  environment: HEDDLE_POOLS__RANKNG__THREADS=8',
      '                             ^^^^^^',
    ].join('\n'),
  );
});

test('takes a single underscore behind a section for a slip', (t) => {
  t.is(
    problemsOf(file, { environment: { HEDDLE_LOG_LEVEL: 'debug' } }),
    [
      'environment: two underscores stand between the parts of a path; did you mean "HEDDLE_LOG__LEVEL"?',
      '  environment: HEDDLE_LOG_LEVEL=debug',
      '                         ^',
    ].join('\n'),
  );
});

test('does not hide a mistake of the file that an override would have to look into', (t) => {
  t.regex(
    problemsOf(`pools: 5\n${least}`, { overrides: ['pools.default.threads=2'] }),
    /^heddle.yaml:1:8: pools must be a map/,
  );
});
