// drawMermaid: a strategy's graph as a Mermaid flowchart, which GitHub, GitLab and many editors draw inside Markdown.

import type { StrategyDefinition } from '../definition.ts';
import { policyTexts } from './describe.ts';
import { cutText } from './escape.ts';
import { type Arrow, type Box, type BoxKind, outputId, pictureOf, requestId } from './picture.ts';

const doingCharsMax = 40;
const policyCharsMax = 32;
const policiesMax = 4;

// Dark text on light boxes: readable on light pages and on dark ones.
const classes: Readonly<Record<BoxKind, string>> = {
  call: 'fill:#dcebfb,stroke:#2b6cb8,color:#12233a',
  run: 'fill:#d8f2e6,stroke:#0a7d5a,color:#0c2a20',
  strategy: 'fill:#f1e0f5,stroke:#8e4aa0,color:#2d1535',
  value: 'fill:#eceff2,stroke:#697586,color:#1b2430',
  request: 'fill:#27313f,stroke:#27313f,color:#ffffff',
  output: 'fill:#27313f,stroke:#27313f,color:#ffffff',
};

/** The text between the fences of a `mermaid` block, with a newline at its end. */
export function drawMermaid(definition: StrategyDefinition): string {
  const { boxes, arrows } = pictureOf(definition);
  const kinds = new Set(boxes.map(({ kind }) => kind));
  const dashes = (['soft', 'stand-in'] as const).flatMap((kind) => {
    const indexes = [...arrows.keys()].filter((index) => arrows[index]!.kind === kind);
    const dash = kind === 'soft' ? '6 4' : '1 4';
    return indexes.length === 0 ? [] : [`  linkStyle ${indexes.join(',')} stroke-dasharray:${dash}`];
  });
  return `${[
    'flowchart TD',
    ...boxes.map((box) => `  ${boxLine(box, definition)}`),
    ...arrows.map((arrow) => `  ${arrowLine(arrow)}`),
    ...dashes,
    ...[...kinds].map((kind) => `  classDef ${kind}Box ${classes[kind]}`),
  ].join('\n')}\n`;
}

function boxLine({ id, name, kind, doing, node }: Box, { degrade }: StrategyDefinition): string {
  if (node === undefined) return `${idOf(id)}(["${name}"]):::${kind}Box`;
  const policies = policyTexts(node, degrade).map((text) => cutText(text, policyCharsMax));
  const more = policies.length > policiesMax ? [`+${policies.length - policiesMax} more`] : [];
  const small = [...policies.slice(0, policiesMax), ...more].join(' · ');
  const lines = [`<b>${label(name)}</b>`, label(cutText(doing, doingCharsMax))];
  if (small !== '') lines.push(`<small>${label(small)}</small>`);
  return `${idOf(id)}["${lines.join('<br/>')}"]:::${kind}Box`;
}

function arrowLine({ from, to, kind, label: text }: Arrow): string {
  const line = kind === 'hard' ? '-->' : '-.->';
  const labelled = text === undefined ? line : `${line}|"${label(text)}"|`;
  return `${idOf(from)} ${labelled} ${idOf(to)}`;
}

/** Some names are words of Mermaid's (`end`, `graph`), so that nodes get a prefix; what is no word is written as its code. */
function idOf(id: string): string {
  if (id === requestId || id === outputId) return id.slice(1);
  return `n_${id.replace(/\W/gu, (character) => `_${character.codePointAt(0)!.toString(16)}_`)}`;
}

/** Mermaid's entities for all that it, HTML or its formulas could take for their own. */
function label(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:/_+=()'?×·…-]/gu, (character) => `#${character.codePointAt(0)};`);
}
