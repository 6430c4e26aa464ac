// readSnippet: the value of an edit, read as it would be in a strategy file: in a small one that has the same nodes, so
// that whatever the file's schema says of a key holds for the edit too.

import { ProblemList, Source } from '../../document/problem.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { NodeDefinition, StrategyDefinition } from '../definition.ts';
import { readStrategy } from '../file/read-strategy.ts';

export interface Snippet {
  /** Where the key stands. */
  readonly at: NodeDefinition | 'budget' | 'params';
  readonly key: string;
  /** YAML, one line. */
  readonly value: string;
}

const works = {
  run: 'run: ./a.ts#a',
  function: 'run: ./a.ts#a',
  call: 'call: ./a.ts#A/a',
  method: 'call: ./a.ts#A/a',
  strategy: 'strategy: a',
  value: 'value: 0',
} as const;

/** Throws INVALID_ARGUMENT with what the reader says of the value. */
export function readSnippet(edit: string, definition: StrategyDefinition, snippet: Snippet): StrategyDefinition {
  const problems = new ProblemList();
  const text = textOf(definition, snippet);
  const read = readStrategy(new Source('argument', 'what if', text), problems);
  const [first] = problems.sorted();
  if (first !== undefined || read === undefined) {
    const { message = 'it can not be read', allowed, suggestion } = first ?? {};
    const hints = [
      ...(allowed === undefined ? [] : [`allowed here: ${allowed.join(', ')}`]),
      ...(suggestion === undefined ? [] : [`did you mean "${suggestion}"?`]),
    ];
    throw new HeddleError('INVALID_ARGUMENT', `what if ${edit}: ${[message, ...hints].join('; ')}`, { retry: 'no' });
  }
  return read.definition;
}

function textOf({ nodes }: StrategyDefinition, { at, key, value }: Snippet): string {
  const line = `${key}: ${value.replaceAll(/[\r\n]+/g, ' ')}`;
  const lines = nodes.flatMap((node) => {
    if (typeof at === 'string' || node.name !== at.name) return [`  ${node.name}: { value: 0 }`];
    return [`  ${node.name}:`, `    ${works[node.work.kind]}`, `    ${line}`];
  });
  return [
    'strategy: edited',
    ...(at === 'budget' ? ['budget:', `  ${line}`] : []),
    'nodes:',
    ...lines,
    'output: 0',
    ...(at === 'params' ? ['tests:', '  - name: edited', '    params:', `      ${line}`] : []),
  ].join('\n');
}
