import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { adminTarget } from '../../cli/top/address.ts';
import { keysOf, press } from '../../cli/top/keys.ts';
import { cutText, textWidth } from '../../cli/top/line.ts';
import { durationText, memoryText, rateText } from '../../cli/top/numbers.ts';
import { emptyPicture, observe, type Picture } from '../../cli/top/picture.ts';
import { asciiSymbols, bar, sparkline, symbolsFor, unicodeSymbols } from '../../cli/top/symbols.ts';
import { lastMinute } from '../../cli/top/title.ts';
import { firstView } from '../../cli/top/view.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { temporaryFolder } from './heddle.ts';
import { answers, looked, method, service, thread } from './top-admin.ts';

const nobody = emptyPicture('http://127.0.0.1:7199', 1000);

function withCounts(fromSockets: Record<string, number>, fromFibers: Record<string, number> = {}) {
  return answers({ services: { services: [service({ methods: [method({ fromSockets, fromFibers })] })] } });
}

test('rates are the differences of two answers over the time between them', (t) => {
  const first = observe(nobody, looked(1000, withCounts({ OK: 100 }, { OK: 10 })));
  t.is(first.rates, undefined);
  const now = withCounts({ OK: 140, INTERNAL: 2, UNAVAILABLE: 6 }, { OK: 30 });
  const second = observe(first, looked(3000, now));
  const expected = { requests: 34, errors: 4, inside: 10, mostly: 'UNAVAILABLE' };
  t.deepEqual(second.rates?.total, expected);
  t.deepEqual(second.rates?.methods.get('movies.Search/search'), expected);
});

test('another process at the address has no rates until its second answer, and nothing of the one before', (t) => {
  const first = observe(nobody, looked(0, withCounts({ OK: 100 })));
  const { services, version } = withCounts({ OK: 500 });
  const seen = { services, version: { ...version, startedAt: 'another time' } };
  const second = observe(first, looked(1000, seen));
  t.is(second.rates, undefined);
  t.deepEqual(second.replaced, { pid: version.pid, atMs: 1000 });
  t.is(second.parts.pools, undefined);
  t.is(observe(second, looked(2000, seen)).rates?.total.requests, 0);
});

test('counters that fell give no rates', (t) => {
  const first = observe(nobody, looked(0, withCounts({ OK: 100 })));
  t.is(observe(first, looked(1000, withCounts({ OK: 99 }))).rates, undefined);
});

test('the history is one minute long', (t) => {
  let picture: Picture = nobody;
  for (let at = 0; at <= 200; at++) picture = observe(picture, looked(at * 1000, withCounts({ OK: at * at })));
  t.is(picture.history.length, 60);
  t.is(picture.history.at(-1)?.toMs, 200_000);
});

test('each span of the last minute has the rate of its own time, whatever the interval', (t) => {
  const history = [
    { fromMs: 0, toMs: 30_000, requests: 10 },
    { fromMs: 30_000, toMs: 50_000, requests: 40 },
  ];
  t.deepEqual(lastMinute(history, 60_000, 6), [10, 10, 10, 40, 40, undefined]);
  t.deepEqual(lastMinute(history, 60_000, 2), [10, 40]);
});

test('a bar shows more than nothing as soon as there is something, and never more than all', (t) => {
  const bars = [0, 0.001, 0.5, 1, 7].map((share) => bar(share, 4, asciiSymbols));
  t.deepEqual(bars, ['....', '#...', '##..', '####', '####']);
  t.is(bar(0.3, 4, unicodeSymbols), '█▎··');
  t.is(sparkline([0, 1, 4, undefined, 8], unicodeSymbols), '▁▂▄ █');
  t.is(sparkline([0, 0], asciiSymbols), '__');
});

test('bars are ASCII unless the locale says UTF-8', (t) => {
  t.is(symbolsFor({ LANG: 'en_US.UTF-8' }), unicodeSymbols);
  t.is(symbolsFor({ LANG: 'en_US.UTF-8', LC_ALL: 'C' }), asciiSymbols);
  t.is(symbolsFor({ LC_CTYPE: 'C.utf8', TERM: 'linux' }), asciiSymbols);
  t.is(symbolsFor({}), asciiSymbols);
});

test('widths are counted in cells: Chinese and emoji take two', (t) => {
  t.deepEqual(['abc', '順位', '👍', 'é'].map(textWidth), [3, 4, 2, 1]);
  t.is(cutText('順位 rank', 4, '~'), '順~');
  t.is(cutText('rank', 4, '~'), 'rank');
});

test('numbers are short and have their unit', (t) => {
  t.deepEqual([undefined, 0, 0.04, 0.25, 12_345.6].map(rateText), ['-', '0', '<0.1', '0.3', '12,346']);
  t.deepEqual([0.214, 12.4, 999.6, 4213, 185_000, 8_000_000, -20].map(durationText), [
    '0.21 ms',
    '12 ms',
    '1.0 s',
    '4.2 s',
    '3m 5s',
    '2h 13m',
    '-20 ms',
  ]);
  t.deepEqual([2 ** 19, 120 * 2 ** 20, 1.5 * 2 ** 30].map(memoryText), ['512 KiB', '120 MiB', '1.5 GiB']);
});

test('keys are read one by one, however a terminal sends them', (t) => {
  t.deepEqual(keysOf('pq'), ['p', 'q']);
  t.deepEqual(keysOf('\x1b[A\x1bOBs\x1b[6~'), ['up', 'down', 's', 'page-down']);
  t.deepEqual(keysOf('\x1b'), ['escape']);
  t.deepEqual(keysOf('\x1b[1;5Zq\x1b[20~'), ['q']);
});

test('a key focuses, the same key again or Esc leads back, and a key without meaning changes nothing', (t) => {
  const keys = (...all: string[]) => all.reduce((view, key) => press(view, key, nobody), firstView);
  t.is(keys('p').focus, 'pools');
  t.is(keys('p', 't').focus, 'threads');
  t.is(keys('t', 't').focus, 'overview');
  t.is(keys('?', 'escape').focus, 'overview');
  t.is(keys('t', 's').threadSort, 'fibers');
  t.is(keys('t', 's').methodSort, 'rate');
  t.deepEqual([keys(' ').paused, keys(' ', ' ').paused], [true, false]);
  t.deepEqual([keys('down', 'down', 'up').scroll, keys('up').scroll, keys('end', 'home').scroll], [1, 0, 0]);
  t.is(keys('x', 'left'), firstView);
});

test('left and right lead round the threads', (t) => {
  const threads = ['a', 'b', 'c'].map((name) => thread({ name }));
  const main = thread({ name: 'main', number: 0 });
  const picture = observe(nobody, looked(0, answers({ threads: { threads: [main, ...threads] } })));
  const after = (...all: string[]) =>
    ['f', ...all].reduce((view, key) => press(view, key, picture), firstView).fiberThread;
  t.is(after('right'), 'b');
  t.is(after('left'), 'c');
  t.is(after('left', 'right'), 'a');
});

test('the process is named by an address, a port, or its config', (t) => {
  const folder = temporaryFolder(t);
  const config = join(folder, 'heddle.yaml');
  writeFileSync(join(folder, 'a.ts'), '');
  const write = (address: string) => {
    writeFileSync(config, `services: { a.A: { module: ./a.ts } }\nadmin: { address: "${address}" }\n`);
    return adminTarget(config, {}).address;
  };
  t.is(adminTarget('http://10.0.0.1:7199/', {}).address, 'http://10.0.0.1:7199');
  t.is(adminTarget('box:7000', {}).address, 'http://box:7000');
  t.is(adminTarget('[::1]:7000', {}).address, 'http://[::1]:7000');
  t.is(adminTarget(':7000', {}).address, 'http://127.0.0.1:7000');
  t.is(adminTarget('7000', {}).address, 'http://127.0.0.1:7000');
  t.is(write('http://127.0.0.1:7300'), 'http://127.0.0.1:7300');
  t.is(write('http://0.0.0.0:7300'), 'http://127.0.0.1:7300');
  t.is(adminTarget(config, { HEDDLE_ADMIN__ADDRESS: 'http://[::]:7301' }).address, 'http://[::1]:7301');
  const refused = (run: () => unknown) => t.throws(run, { instanceOf: HeddleError, code: 'INVALID_ARGUMENT' })?.message;
  t.regex(refused(() => write('none'))!, /says admin\.address: none/);
  t.regex(refused(() => write('http://127.0.0.1:0'))!, /give the address/);
  t.regex(refused(() => adminTarget('https://x:1', {}))!, /plain http/);
  t.regex(refused(() => adminTarget('99999', {}))!, /is no address/);
  t.regex(refused(() => adminTarget('no-such.yaml', {}))!, /there is no file no-such\.yaml/);
});
