// `npm run bench -- profile <scenario>`: looks into Heddle's server under a scenario's load, prints where processor time and
// bytes go, and keeps picture and numbers.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { didYouMean } from '../../runtime/nearest.ts';
import { writeDocuments } from '../documents.ts';
import { keep } from '../keep.ts';
import { machine, machineText } from '../measure/machine.ts';
import { flamePicture } from '../picture/flame.ts';
import { keptText } from '../result.ts';
import { type ProfileSubject, profileServer } from './profile.ts';
import { type KeptProfile, profileText } from './profile-report.ts';
import { profileSubjects } from './subjects.ts';

interface ProfileWords {
  readonly subject: ProfileSubject;
  /** Undefined: as long as it takes to be kept. */
  readonly seconds: number | undefined;
  readonly svgPath: string | undefined;
}

const secondsDefault = 30;
const secondsMax = 3600;

/** Its exit code. */
export async function profileCommand(words: string[], onStep: (step: string) => void): Promise<number> {
  const options = readProfileWords(words);
  if (typeof options === 'string') {
    console.error(options);
    return 2;
  }
  const { subject, seconds, svgPath } = options;
  const where = machine();
  const startedAt = new Date().toISOString();
  console.log(machineText(where));
  const { report, frames } = await profileServer(subject, { seconds: seconds ?? secondsDefault, onStep });
  onStep('');
  console.log(`\n${profileText(report)}`);
  const { name, shape } = subject;
  const node = `Node ${where.node}, commit ${where.commit}`;
  const picture = flamePicture(
    `${name}, ${shape.name}: ${report.cpuUs.toFixed(1)} µs of CPU per request; ${node}`,
    frames,
  );
  if (svgPath !== undefined) writeFileSync(svgPath, picture);
  // What was cut short is no result.
  if (seconds !== undefined) return 0;
  const command = ['npm run bench -- profile', ...words].join(' ');
  const kept: KeptProfile = { command, startedAt, machine: where, profile: report };
  keep(`docs/pictures/flame-${name}.svg`, picture);
  keep(`bench/results/profile-${name}.json`, keptText(kept));
  writeDocuments();
  return 0;
}

/** Text: a sentence that says what is wrong. */
export function readProfileWords(words: string[]): ProfileWords | string {
  const known = profileSubjects.map(({ name }) => name);
  let parsed: { values: { seconds?: string; svg?: string }; positionals: string[] };
  try {
    const text = { type: 'string' } as const;
    parsed = parseArgs({ args: words, allowPositionals: true, options: { seconds: text, svg: text } });
  } catch (reason) {
    return (reason as Error).message;
  }
  const { values, positionals } = parsed;
  const [name = ''] = positionals;
  const subject = profileSubjects.find((one) => one.name === name);
  if (subject === undefined || positionals.length > 1) {
    return `npm run bench -- profile <${known.join('|')}> [--seconds n] [--svg file]: '${positionals.join(' ')}' can't be profiled${didYouMean(name, known)}`;
  }
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0 && seconds <= secondsMax)) {
    return `--seconds ${values.seconds}: give a number above 0, at most ${secondsMax}`;
  }
  return { subject, seconds, svgPath: values.svg };
}
