// configReference: docs/config.md, made from the schema, so that it can't say anything else than the checker does.

import { keysOf } from '../document/declare.ts';
import { describe } from '../document/describe.ts';
import { type Column, columnSentence, type Described, sectionLines } from '../document/reference.ts';
import { keyChangeText } from './key-changes.ts';
import { schema } from './schema.ts';

/** The whole page. */
export function configReference(): string {
  const lines = [...introduction];
  const described: Described = new Map();
  for (const [name, key] of keysOf(schema.keys)) {
    const about = `${key.what} ${key.why}`.trim();
    const section = sectionLines(name, key.type, about, described, changes);
    const sentence = `It is ${describe(key.type)}.${columnSentence(name, changes)}`;
    lines.push(...(section.length > 0 ? section : ['', `## ${name}`, '', about, '', sentence]));
  }
  return `${lines.join('\n')}\n`;
}

const changes: Column = { title: 'changes', of: keyChangeText };

const introduction = [
  '# heddle.yaml',
  '',
  '<!-- Made by `node config/generate-docs.ts` from config/schema.ts; edit there. -->',
  '',
  'Everything has a default except `services`. `heddle check` reports all mistakes at once, each with its place and what',
  'is allowed there; `heddle config --defaults` prints a file with every key; `heddle config --explain SERVICE` says which',
  'timeout of a service wins and why. Editors complete the file with `docs/heddle.schema.json`:',
  '',
  '```yaml',
  '# yaml-language-server: $schema=./node_modules/heddle/docs/heddle.schema.json',
  'pools:',
  '  ranking: { threads: 4, memory: 512MiB, timeout: 2s }',
  'services:',
  '  demo.Greeter:',
  '    module: ./greeter.ts',
  '    pool: ranking',
  '    timeout: 300ms',
  '    listen: [ "heddle://127.0.0.1:7000", "http://127.0.0.1:7080" ]',
  '```',
  '',
  '## Values',
  '',
  '- Durations have a unit: `300ms`, `2s`, `1.5s`, `5m`, `1h`, `1d`; they come to whole milliseconds.',
  '- Sizes have a unit: `64kB`, `10MB`, `2GB` count in powers of 1000, `64KiB`, `512MiB`, `2GiB` in powers of 1024.',
  '- `none` or `0` switches a bound off where the type says so. A bare number is no duration and no size.',
  '- Relative paths are taken from the folder of the file, also those that overrides set.',
  '- Of the timeouts that are set for a request (pool, service, method, binding) the smallest wins; the deadline that a',
  '  client sends can only shrink it.',
  '- Anchors, aliases and merge keys (`<<: *base`) work, up to 100 aliases. A file has at most 1 MiB.',
  '- `affinity`, `cpuAffinity` and `cpus` are refused: Node can not bind a thread to a CPU. Bind the whole process with',
  '  `taskset` or the cpuset of the service manager.',
  '- io and all pools together have at most 120 threads.',
  '',
  '## Changes',
  '',
  '`heddle reload` (or SIGHUP) reads the file again. The column *changes* says what becomes of a key that is different then:',
  '',
  '- *at once*: all threads use it when the reload is over; no connection closes and no request fails.',
  '- *with a roll*: the threads of the pool are replaced by new ones; no connection closes and no request fails either.',
  '- *restart*: it holds from the next start on; the reload names it.',
  '',
  '## Overrides',
  '',
  'The file is weakest, then come variables of the environment, then `--set` arguments; a later `--set` wins over an earlier.',
  '',
  '| where | example | rules |',
  '| --- | --- | --- |',
  '| environment | `HEDDLE_POOLS__RANKING__THREADS=8` | Two underscores between the parts; case does not matter. Names with dots or dashes can not be written so: use `--set`. |',
  '| argument | `--set pools.ranking.threads=8` | Dots between the parts; a name with dots is found by itself. |',
  '| argument | `--set \'services["demo.Greeter"].timeout=1s\'` | Or such a name stands in brackets and quotes. |',
  '| argument | `--set \'services.*.listen=["http://127.0.0.1:0"]\'` | `*` stands for every entry that is there. |',
  '',
  "Values are read as YAML: `--set 'limits.allow=[10.0.0.0/8]'` sets a list as a whole. Pools, services and clients must be",
  'in the file (or be the pool `default`): another name is reported as a slip.',
];
