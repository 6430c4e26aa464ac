import test from 'ava';
import { drawMermaid } from '../../../dag/draw/mermaid.ts';
import { drawSvg } from '../../../dag/draw/svg.ts';
import { drawTerminal } from '../../../dag/draw/terminal.ts';
import { pageScript } from '../../../dag/draw/timeline/script.ts';
import { drawTimeline, drawTimelineSvg, drawTimelineTerminal } from '../../../dag/draw/timeline.ts';
import { elementsOf, parseMarkup } from './markup.ts';
import { failedTrace, feed, feedTrace } from './world.ts';

const hostile = [
  '"><script>alert(1)</script>',
  ']]>',
  "' onload='alert(1)",
  '</style></title></svg>',
  '\u{1B}[2J\r\n%%{x}',
];
/** Of what kind a part is decides how the definition is read; no text of a user gets there. */
const kinds = new Set(['kind']);

/** Paths of all texts and, with `numbers`, of all numbers. */
function leaves(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'string' || typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inside]) => (kinds.has(key) ? [] : leaves(inside, [...path, key])));
}

function spoiled<Value>(value: Value, path: readonly string[], text: string): Value {
  const copy = structuredClone(value);
  let inside = copy as Record<string, unknown>;
  for (const key of path.slice(0, -1)) inside = inside[key] as Record<string, unknown>;
  inside[path.at(-1)!] = text;
  return copy;
}

/** With a text in place of every text at once. */
function allSpoiled<Value>(value: Value, text: string): Value {
  const isText = (path: readonly string[]) =>
    typeof path.reduce<unknown>((inside, key) => (inside as Record<string, unknown>)[key], value) === 'string';
  return leaves(value)
    .filter(isText)
    .reduce((one, path) => spoiled(one, path, text), value);
}

/** What a reader of HTML or XML would make of it: the page's own script, known elements, unbroken attributes. */
function problemOf(markup: string): string | undefined {
  const allowed =
    /^(xmlns|class|width|height|viewBox|role|aria-\w+|transform|[xydr]|c[xy]|r[xy]|text-anchor|data-(node|after)|charset|http-equiv|content|name|lang|id|type|hidden|points)$/;
  try {
    for (const { name, attributes, children } of elementsOf(parseMarkup(markup))) {
      if (name === 'script' && children.join('') !== pageScript) return `script ${children.join('')}`;
      for (const [key, value] of Object.entries(attributes)) {
        if (!allowed.test(key)) return `attribute ${key}`;
        if (key === 'class' && !/^[\w -]+$/.test(value)) return `class ${value}`;
        if (/^([xydr]|c[xy]|r[xy]|width|height|transform)$/.test(key) && /[<>"']|script/.test(value))
          return `${key} ${value}`;
      }
    }
    return undefined;
  } catch (reason) {
    return (reason as Error).message;
  }
}

for (const [what, trace] of Object.entries({ done: feedTrace, failed: failedTrace })) {
  test(`no field of a run that is ${what} can break out of its timeline`, (t) => {
    for (const path of leaves(trace)) {
      for (const text of hostile.slice(0, 2)) {
        const wrong = spoiled(trace, path, text);
        const at = `${path.join('.')} ${text}`;
        t.is(problemOf(drawTimelineSvg(wrong, feed)), undefined, at);
        if (text === hostile[0]) t.is(problemOf(drawTimeline(wrong, feed)), undefined, at);
      }
    }
    for (const text of hostile) {
      const wrong = allSpoiled(trace, text);
      for (const markup of [drawTimeline(wrong, feed), drawTimelineSvg(wrong), drawSvg(feed, { trace: wrong })]) {
        t.is(problemOf(markup), undefined, text);
      }
      const ends = { ...trace, nodes: trace.nodes.map((node) => ({ ...node, end: text as 'done' })) };
      t.is(problemOf(drawSvg(feed, { trace: ends })), undefined, text);
      const bars = drawTimelineTerminal(wrong, 80);
      t.notRegex(bars, /[^\P{Cc}\n]/u);
      t.true(bars.split('\n').every((line) => line.length <= 80));
    }
  });
}

test('no text of a definition can break out of its pictures', (t) => {
  for (const path of leaves(feed)) {
    const wrong = spoiled(feed, path, hostile[0]!);
    const at = path.join('.');
    t.is(problemOf(drawSvg(wrong)), undefined, at);
    checkMermaid(drawMermaid(wrong), at);
  }
  for (const text of hostile) {
    const wrong = allSpoiled(feed, text);
    t.is(problemOf(drawSvg(wrong)), undefined, text);
    t.is(problemOf(drawTimeline(feedTrace, wrong)), undefined, text);
    checkMermaid(drawMermaid(wrong), text);
    t.notRegex(drawTerminal(wrong, { width: 80 }), /[^\P{Cc}\n]/u);
  }

  function checkMermaid(markup: string, at: string): void {
    t.notRegex(markup, /<script|%%\{|[^\P{Cc}\n]/u, at);
    for (const line of markup.trimEnd().split('\n').slice(1)) {
      t.regex(
        line,
        /^ {2}(\w+(\["[^"]*"\]|\(\["\w+"\]\)):::\w+|\w+ (-->|-\.->)(\|"[^"]*"\|)? \w+|linkStyle|classDef)/,
        at,
      );
    }
  }
});
