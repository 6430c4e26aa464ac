import test from 'ava';
import { formatType } from '../../../dag/expression/types.ts';
import { problemsOf, settled } from './read.ts';

const rest = 'strategy: s\nnodes: { a: { value: 1 } }\noutput: a\n';

const rightShapes: [string, string][] = [
  ['{ user: string, k: number, on: boolean, x: any }', '{ user: string, k: number, on: boolean, x: any }'],
  ['{ ids: list<string>, by: "map<list<number>>" }', '{ ids: list<string>, by: map<list<number>> }'],
  ['{ at: { lat: number, lon: number? } }', '{ at: { lat: number, lon: number | null } }'],
  [
    '{ items: "list<{ id: string, age: number?, tags: list<string> }>" }',
    '{ items: list<{ id: string, age: number | null, tags: list<string> }> }',
  ],
  [
    '{ id: "string | number", x: "list<string>?", y: "any?" }',
    '{ id: string | number, x: list<string> | null, y: any }',
  ],
  ['{ x: "string? | null | string" }', '{ x: string | null }'],
  ['"map<any>"', 'map<any>'],
  ['{}', '{  }'],
  ['{ x: "{}", y: "{ a: string, }" }', '{ x: {  }, y: { a: string } }'],
];

for (const [written, meant] of rightShapes) {
  test(`request: ${written}`, (t) => {
    t.is(formatType(settled(t, `request: ${written}\n${rest}`).definition.request), meant);
  });
}

const wrongShapes: [string, RegExp][] = [
  ['{ a: strng }', /feed.yaml:1:15: "strng" is no type; did you mean "string"\?\n.*\n {16}\^{5}$/],
  ['{ a: "list<stri>" }', /feed.yaml:1:21: "stri" is no type/],
  ['{ a: list }', /:1:18: list says what it holds: list<string>/],
  ['{ a: "list<string" }', /> is missing here/],
  ['{ a: "string string" }', /:1:23: the type ends before this/],
  ['{ a: "{ b: string, b: number }" }', /:1:29: the field b stands here a second time/],
  ['{ a: "{ b?: string }" }', /what may lack has \? at the end of its type: b: string\?/],
  ['{ a: "" }', /a type is missing here; allowed here: string, number/],
  ['{ a: 3 }', /:1:15: a must be a type, such as string, or a map from field to type/],
  ['{ a: [string] }', /a must be a type.*a list is written list<…>/],
  [`{ a: "${'list<'.repeat(40)}" }`, /types are nested more than 32 deep/],
  [`${'{ a: '.repeat(40)}string${'}'.repeat(40)}`, /types are nested more than 32 deep/],
];

for (const [written, message] of wrongShapes) {
  test(`refuses request: ${written.slice(0, 40)}`, (t) => t.regex(problemsOf(`request: ${written}\n${rest}`), message));
}
