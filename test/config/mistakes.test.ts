import test from 'ava';
import { least, problemsOf } from './read.ts';

const mistake = test.macro({
  title: (law) => `names ${law}`,
  exec(t, text: string, ...printed: string[]) {
    t.is(problemsOf(text), printed.join('\n'));
  },
});

/** A config with one more line at the service, and that line. */
const atService = (line: string): string => `services:\n  demo.Greeter:\n    module: ./greeter.ts\n    ${line}\n`;

test(
  'an unknown key with what is allowed and the nearest spelling',
  mistake,
  `io: { thread: 2 }\n${least}`,
  'heddle.yaml:1:7: unknown key "thread"; allowed here: threads, maxFibers, maxNested, queue, memory, timeout, stallWarning, stallLimit, cancelGrace; did you mean "threads"?',
  '  io: { thread: 2 }',
  '        ^^^^^^',
);
test(
  'an unknown section',
  mistake,
  `${least}pool: {}\n`,
  'heddle.yaml:2:1: unknown key "pool"; allowed here: io, pools, services, clients, plugins, filters, strategies, degraders, samplers, jobs, compression, limits, roll, stop, guardian, quarantine, admin, metrics, process, log; did you mean "pools"?',
  '  pool: {}',
  '  ^^^^',
);
test(
  'a number out of its bounds',
  mistake,
  `io: { threads: 65 }\n${least}`,
  'heddle.yaml:1:16: threads must be a whole number from 1 to 64, not 65',
  '  io: { threads: 65 }',
  '                 ^^',
);
test(
  'a number in quotes',
  mistake,
  `io: { threads: "4" }\n${least}`,
  'heddle.yaml:1:16: threads must be a whole number from 1 to 64, not "4": write it without quotes',
  '  io: { threads: "4" }',
  '                 ^^^',
);
for (const written of ['1.5', '.nan', '.inf', '-1', 'true', '0']) {
  test(`${written} where a whole number belongs`, mistake, ...notWhole(written));
}
test(
  'a duration without a unit, and what is right',
  mistake,
  atService('timeout: 300'),
  'heddle.yaml:4:14: timeout must be a duration from 1ms to 24h, or none, not 300: a number needs its unit, such as 300ms or 300s',
  '      timeout: 300',
  '               ^^^',
);
test(
  'a duration in another spelling',
  mistake,
  atService('timeout: 5 min'),
  'heddle.yaml:4:14: timeout must be a duration from 1ms to 24h, or none, not "5 min"; did you mean "5m"?',
  '      timeout: 5 min',
  '               ^^^^^',
);
test(
  'a size without a unit, and what is right',
  mistake,
  `limits: { frame: 1000000 }\n${least}`,
  'heddle.yaml:1:18: frame must be a size from 1KiB to 64MiB, not 1000000: a number needs its unit, such as 1000000B or 1MB',
  '  limits: { frame: 1000000 }',
  '                   ^^^^^^^',
);
test(
  'a size in another spelling',
  mistake,
  `limits: { frame: 10mb }\n${least}`,
  'heddle.yaml:1:18: frame must be a size from 1KiB to 64MiB, not "10mb"; did you mean "10MB"?',
  '  limits: { frame: 10mb }',
  '                   ^^^^',
);
test(
  'a frame over 64 MiB',
  mistake,
  `limits: { frame: 65MiB }\n${least}`,
  'heddle.yaml:1:18: frame must be a size from 1KiB to 64MiB, not "65MiB"',
  '  limits: { frame: 65MiB }',
  '                   ^^^^^',
);
test(
  'none where a bound must stay',
  mistake,
  `stop: { timeout: none }\n${least}`,
  'heddle.yaml:1:18: timeout must be a duration from 1ms to 1h, not "none"',
  '  stop: { timeout: none }',
  '                   ^^^^',
);
test(
  'a word that is none of the choices',
  mistake,
  `log: { level: wran }\n${least}`,
  'heddle.yaml:1:15: level must be one of trace, debug, info, warn, error, fatal, silent, not "wran"; did you mean "warn"?',
  '  log: { level: wran }',
  '                ^^^^',
);
test(
  'yes for true',
  mistake,
  atService('asyncContext: yes'),
  'heddle.yaml:4:19: asyncContext must be true or false, not "yes"; did you mean "true"?',
  '      asyncContext: yes',
  '                    ^^^',
);
test(
  'a key whose value was forgotten',
  mistake,
  atService('timeout:'),
  'heddle.yaml:4:5: timeout has no value: write a duration from 1ms to 24h, or none, or take it out',
  '      timeout:',
  '      ^^^^^^^',
);
test(
  'CPU affinity, which Node can not do',
  mistake,
  `io: { cpus: [0] }\n${least}`,
  'heddle.yaml:1:7: cpus: Node can not bind a thread to a CPU; bind the whole process with taskset or the cpuset of the service manager',
  '  io: { cpus: [0] }',
  '        ^^^^',
);
test(
  'CPU affinity of an inline pool',
  mistake,
  atService('pool: { affinity: 0 }'),
  'heddle.yaml:4:13: affinity: Node can not bind a thread to a CPU; bind the whole process with taskset or the cpuset of the service manager',
  '      pool: { affinity: 0 }',
  '              ^^^^^^^^',
);
test(
  'a pool called io',
  mistake,
  `pools: { io: { threads: 2 } }\n${least}`,
  'heddle.yaml:1:10: the pool io is the IO threads themselves; its numbers stand in the section io',
  '  pools: { io: { threads: 2 } }',
  '           ^^',
);
test(
  'a pool that does not exist',
  mistake,
  `pools: { ranking: {} }\n${atService('pool: rankin')}`,
  'heddle.yaml:5:11: no pool is named "rankin"; allowed here: ranking, io, default; did you mean "ranking"?',
  '      pool: rankin',
  '            ^^^^^^',
);
test(
  'an inline pool whose name is taken',
  mistake,
  'pools: { Greeter: {} }\nservices: { Greeter: { module: ./greeter.ts, pool: { threads: 2 } } }',
  'heddle.yaml:2:52: a pool of its own is named after its service, and a pool "Greeter" exists already',
  '  services: { Greeter: { module: ./greeter.ts, pool: { threads: 2 } } }',
  '                                                     ^^^^^^^^^^^^^^',
);
test(
  'more threads than thread numbers allow',
  mistake,
  `io: { threads: 8 }\npools: { a: { threads: 64 }, b: { threads: 48 }, c: { threads: 1 } }\n${atService('pool: a')}`,
  'heddle.yaml:2:24: io and the pools take 121 threads together (a 64, b 48, io 8, c 1); at most 120 are allowed, since thread numbers are 8 bits and threads that died keep theirs for a while',
  '  pools: { a: { threads: 64 }, b: { threads: 48 }, c: { threads: 1 } }',
  '                         ^^',
);
test(
  'a module that is not there, where it looked, and its neighbour',
  mistake,
  'services: { demo.Greeter: { module: ./greter.ts } }',
  'heddle.yaml:1:37: the module "./greter.ts" does not exist: looked at /srv/greter.ts; did you mean "./greeter.ts"?',
  '  services: { demo.Greeter: { module: ./greter.ts } }',
  '                                      ^^^^^^^^^^^',
);
test(
  'a module without its extension',
  mistake,
  'services: { demo.Greeter: { module: greeter } }',
  'heddle.yaml:1:37: the module "greeter" does not exist: looked at /srv/greeter; did you mean "greeter.ts"?',
  '  services: { demo.Greeter: { module: greeter } }',
  '                                      ^^^^^^^',
);
test(
  'a module that is a folder',
  mistake,
  'services: { demo.Greeter: { module: .. } }',
  'heddle.yaml:1:37: the module ".." is not a file: looked at /work'.replace('/work', `${process.cwd()}/test/config`),
  '  services: { demo.Greeter: { module: .. } }',
  '                                      ^^',
);
test(
  'a service without its module',
  mistake,
  'services:\n  demo.Greeter:\n    timeout: 1s\n',
  'heddle.yaml:2:3: module is missing in demo.Greeter: it takes a path',
  '    demo.Greeter:',
  '    ^^^^^^^^^^^^',
);
test(
  'a service name with a dash',
  mistake,
  'services: { demo-greeter: { module: ./greeter.ts } }',
  'heddle.yaml:1:13: "demo-greeter" can not name a service: words joined by dots, such as movies.Search, at most 200 bytes',
  '  services: { demo-greeter: { module: ./greeter.ts } }',
  '              ^^^^^^^^^^^^',
);
test('an empty file', mistake, '', 'heddle.yaml:1:1: services is missing: it takes a map by service name', '', '  ^');
test(
  'services without a service',
  mistake,
  'services: {}',
  'heddle.yaml:1:1: services is empty: at least 1 service is needed',
  '  services: {}',
  '  ^^^^^^^^',
);
test(
  'a file that is a list',
  mistake,
  '- services',
  'heddle.yaml:1:1: the config must be a map with the keys io, pools, services, clients, plugins, filters, strategies, degraders, samplers, jobs, compression, limits, roll, stop, guardian, quarantine, admin, metrics, process, log, not a list',
  '  - services',
  '  ^^^^^^^^^^',
);
test(
  'a section that is a word',
  mistake,
  `pools: ranking\n${least}`,
  'heddle.yaml:1:8: pools must be a map by pool name, not "ranking"',
  '  pools: ranking',
  '         ^^^^^^^',
);
test(
  'a listener without a host',
  mistake,
  atService('listen: [ "http://:7080" ]'),
  'heddle.yaml:4:15: an entry of listen has no host: write http://127.0.0.1:7080 for this machine alone, http://0.0.0.0:7080 for every network',
  '      listen: [ "http://:7080" ]',
  '                ^^^^^^^^^^^^^^',
);
test(
  'a port that is none',
  mistake,
  atService('listen: [ "http://127.0.0.1:70800" ]'),
  'heddle.yaml:4:33: an entry of listen has the port 70800; ports are 0 to 65535',
  '      listen: [ "http://127.0.0.1:70800" ]',
  '                                  ^^^^^',
);
test(
  'an unknown protocol',
  mistake,
  atService('listen: [ "hedle://127.0.0.1:7000" ]'),
  'heddle.yaml:4:16: an entry of listen speaks "hedle", which is not known, and no plugin is listed that could add it; allowed here: heddle, http; did you mean "heddle"?',
  '      listen: [ "hedle://127.0.0.1:7000" ]',
  '                 ^^^^^',
);
test(
  'TLS, which it does not do',
  mistake,
  atService('listen: [ { address: "https://127.0.0.1:7000" } ]'),
  'heddle.yaml:4:27: address speaks "https": Heddle does no TLS, so put a TLS proxy before it; allowed here: heddle, http',
  '      listen: [ { address: "https://127.0.0.1:7000" } ]',
  '                            ^^^^^',
);
test(
  'a unix socket',
  mistake,
  atService('listen: [ unix:/run/heddle.sock ]'),
  'heddle.yaml:4:15: an entry of listen names a unix socket: connections move between threads, which Node does for TCP only; give host:port',
  '      listen: [ unix:/run/heddle.sock ]',
  '                ^^^^^^^^^^^^^^^^^^^^^',
);
test(
  'one address with two protocols',
  mistake,
  atService('listen: [ "heddle://127.0.0.1:7000", "http://127.0.0.1:7000" ]'),
  'heddle.yaml:4:42: http://127.0.0.1:7000 can not be listened on: demo.Greeter has heddle://127.0.0.1:7000 (heddle.yaml:4), and one port speaks one protocol',
  '      listen: [ "heddle://127.0.0.1:7000", "http://127.0.0.1:7000" ]',
  '                                           ^^^^^^^^^^^^^^^^^^^^^^^',
);
test(
  'a listener inside another one',
  mistake,
  atService('listen: [ "heddle://127.0.0.1:7000", "heddle://0.0.0.0:7000" ]'),
  'heddle.yaml:4:42: heddle://0.0.0.0:7000 can not be listened on: demo.Greeter has heddle://127.0.0.1:7000 (heddle.yaml:4), and both take the same port',
  '      listen: [ "heddle://127.0.0.1:7000", "heddle://0.0.0.0:7000" ]',
  '                                           ^^^^^^^^^^^^^^^^^^^^^^^',
);
test(
  'bounds of a shared listener that differ, and both places',
  mistake,
  [
    'services:',
    '  A: { module: greeter.ts, listen: [ { address: "http://127.0.0.1:80", frame: 1MB } ] }',
    '  B: { module: greeter.ts, listen: [ { address: "http://127.0.0.1:80", frame: 2MB } ] }',
  ].join('\n'),
  'heddle.yaml:3:79: frame of http://127.0.0.1:80 is 2MB here and 1MB at heddle.yaml:2: one listener has one',
  '    B: { module: greeter.ts, listen: [ { address: "http://127.0.0.1:80", frame: 2MB } ] }',
  '                                                                                ^^^',
);
test(
  'a frame that does not fit into the memory of an IO thread',
  mistake,
  `io: { memory: 1MiB }\n${atService('listen: [ "http://127.0.0.1:80" ]')}`,
  'heddle.yaml:1:15: a frame of 10MB does not fit into io.memory, 1MiB: lower the one or raise the other',
  '  io: { memory: 1MiB }',
  '                ^^^^',
);
test(
  'the wrong one of many targets',
  mistake,
  `${least}clients: { demo.Users: { target: "heddle://10.0.0.1:7001,10.0.0.300:7001" } }`,
  'heddle.yaml:2:58: target has the host "10.0.0.300", which is neither a name nor an IP address',
  '  clients: { demo.Users: { target: "heddle://10.0.0.1:7001,10.0.0.300:7001" } }',
  '                                                           ^^^^^^^^^^',
);
test(
  'more connections of a client than one thread opens',
  mistake,
  `${least}clients: { demo.Users: { connections: 64, target: "heddle://a:1,b:1,c:1,d:1,e:1" } }`,
  'heddle.yaml:2:39: 5 addresses, 64 connections to each, are over 256 connections: write fewer',
  '  clients: { demo.Users: { connections: 64, target: "heddle://a:1,b:1,c:1,d:1,e:1" } }',
  '                                        ^^',
);
test(
  'a prefix that is too long',
  mistake,
  `limits: { deny: [10.0.0.0/8, 10.0.0.0/33] }\n${least}`,
  'heddle.yaml:1:38: an entry of deny has the prefix length "33"; for IPv4 it is 0 to 32',
  '  limits: { deny: [10.0.0.0/8, 10.0.0.0/33] }',
  '                                       ^^^',
);
test(
  'a single entry that should be a list',
  mistake,
  `limits: { allow: 10.0.0.0/8 }\n${least}`,
  'heddle.yaml:1:18: allow must be a list, not "10.0.0.0/8": write it in brackets, [ … ]',
  '  limits: { allow: 10.0.0.0/8 }',
  '                   ^^^^^^^^^^',
);
test(
  'a key that stands twice, and the first one',
  mistake,
  `io: { threads: 2 }\n${least}io: { threads: 3 }\n`,
  'heddle.yaml:3:1: the key "io" stands here a second time; the first is in line 1',
  '  io: { threads: 3 }',
  '  ^^',
);
test(
  'broken YAML in the same form',
  mistake,
  'services:\n  demo.Greeter: [\n',
  'heddle.yaml:3:1: not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
  '',
  '  ^',
);
test(
  'a tab that indents',
  mistake,
  'services:\n\tdemo.Greeter: {}\n',
  'heddle.yaml:2:1: not valid YAML: a tab can not indent; use spaces',
  '  \tdemo.Greeter: {}',
  '  ^',
);
test(
  'an alias without its anchor',
  mistake,
  `io: *base\n${least}`,
  'heddle.yaml:1:5: no anchor &base stands before this',
  '  io: *base',
  '      ^^^^^',
);
test(
  'an anchor that contains itself',
  mistake,
  `io: &base { threads: *base }\n${least}`,
  'heddle.yaml:1:22: the anchor &base contains itself',
  '  io: &base { threads: *base }',
  '                       ^^^^^',
);

test('names all mistakes at once, in the order of the lines', (t) => {
  const printed = problemsOf('log: { level: x }\nio: { threads: 0 }\nservices: { a-b: { timeout: 1 } }\nx: 1\n');
  t.deepEqual(
    printed.split('\n\n').map((problem) => problem.slice(0, 16)),
    [
      'heddle.yaml:1:15',
      'heddle.yaml:2:16',
      'heddle.yaml:3:13',
      'heddle.yaml:3:13',
      'heddle.yaml:3:29',
      'heddle.yaml:4:1:',
    ],
  );
});

test('reports no more than a hundred aliases of one text', (t) => {
  const text = `io: &io {}\n${least}x: [${Array.from({ length: 101 }, () => '*io').join(', ')}]`;
  t.regex(problemsOf(text), /more than 100 aliases in one text/);
});

test('refuses a text that is over the bound, and one that is nested too deeply', (t) => {
  t.regex(problemsOf(' '.repeat(1_048_577)), /^heddle.yaml:1:1: the text is 1048577 characters long; at most 1048576/);
  t.regex(problemsOf('['.repeat(50_000)), /nested too deeply/);
});

function notWhole(written: string): [string, ...string[]] {
  const shown = written === '.nan' ? 'NaN' : written === '.inf' ? 'Infinity' : written;
  return [
    `limits: { connections: ${written} }\n${least}`,
    `heddle.yaml:1:24: connections must be a whole number from 1 to 1000000, not ${shown}`,
    `  limits: { connections: ${written} }`,
    `                         ${'^'.repeat(written.length)}`,
  ];
}

/** Messages alone, without places and pictures. */
const messages = (printed: string): string[] =>
  printed.split('\n').flatMap((line) => /^\S+(?: #\d+)?: (.+)$/.exec(line)?.slice(1) ?? []);

test('what was refused is not missed as well, wherever it was written', (t) => {
  const degraders = 'degraders: { a: &a { count: -1 }, b: *a, c: { every: 1s } }\n';
  t.deepEqual(messages(problemsOf(degraders + least)), [
    'count must be a whole number from 0 to 999999999, not -1',
    'degrader "c" has no limit: give it either count (and every) or perSecond (and burst)',
  ]);
  const jobs = 'jobs: { sweep: { run: ./audit.ts, every: 1s }, idle: { run: ./audit.ts } }\n';
  t.deepEqual(messages(problemsOf(jobs + least, { overrides: ['jobs.sweep.every=1'] })), [
    'job idle has neither every nor cron: write when it runs, as every: 30s',
    'every must be a duration from 100ms to 30d, not 1: a number needs its unit, such as 1ms or 1s',
  ]);
});
