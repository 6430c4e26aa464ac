import test from 'ava';
import { RouteNames } from '../../../../net/protocol/heddle/route-names.ts';

function find(names: RouteNames, service: string, method: string) {
  const source = Buffer.from(`--${service}${method}--`);
  const methodStart = 2 + Buffer.byteLength(service);
  return names.find(source, 2, methodStart, source.length - 2);
}

test('a route that was seen before is the same object', (t) => {
  const names = new RouteNames();
  const first = find(names, 'movies.Search', 'search');
  t.like(first, { service: 'movies.Search', method: 'search' });
  t.is(find(names, 'movies.Search', 'search'), first);
});

test('routes whose bytes only divide differently are told apart', (t) => {
  const names = new RouteNames();
  t.like(find(names, 'ab', 'c'), { service: 'ab', method: 'c' });
  t.like(find(names, 'a', 'bc'), { service: 'a', method: 'bc' });
  t.like(find(names, '', ''), { service: '', method: '' });
});

test('more routes than places are all right, and the first is found anew', (t) => {
  const names = new RouteNames();
  for (let index = 0; index < 5000; index++) t.is(find(names, 'série', `m${index}`).method, `m${index}`);
  t.like(find(names, 'série', 'm0'), { service: 'série', method: 'm0' });
});
