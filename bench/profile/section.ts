// profileSection: the part of docs/performance.md that shows where a request's time goes, made of a kept profile.

import { type KeptProfile, percent, profileGoals } from './profile-report.ts';

export function profileSection({ command, startedAt, machine, profile }: KeptProfile): string {
  const { scenario, shape, cpuUs, otherCpuUs, threads, hottest, method, perSecond } = profile;
  const [goal] = profileGoals(profile);
  return `
![Where the processor time of a request goes](pictures/flame-${scenario}.svg)

The picture has every function of the threads that requests need, its width its share of the processor time; opened in a
browser, it says on which line each stands. \`${command}\`, ${startedAt.slice(0, 10)}, ${machine.cpus} × ${machine.cpu} (load ${machine.load}),
${machine.system}, Node ${machine.node}, commit ${machine.commit}: ${cpuUs.toFixed(2)} µs of CPU per request of \`${scenario}\` at ${shape} in flight/connections,
${Math.round(perSecond).toLocaleString('en')} requests/s.

| thread | CPU µs per request | of it collecting | bytes allocated per request | most of them in |
|---|--:|--:|--:|---|
${threads
  .map(({ name, cpuUs, gcShare, bytes, allocators }) => {
    const places = allocators.slice(0, 3).map(({ where, bytes }) => `\`${where}\` ${bytes.toFixed(0)}`);
    const collecting = gcShare === undefined ? '–' : percent(gcShare);
    return `| ${name} | ${cpuUs.toFixed(2)} | ${collecting} | ${bytes === undefined ? '–' : bytes.toFixed(0)} | ${places.join(', ')} |`;
  })
  .join('\n')}
| V8’s own, and others | ${otherCpuUs.toFixed(2)} | – | – | |

${goal!.met ? 'Met' : 'Missed'}: ${goal!.sentence}.

The functions with the most processor time of their own:

| share | function | where |
|--:|---|---|
${hottest.map(({ share, name, at, kind }) => `| ${percent(share)} | \`${name}\` | ${at === '' ? (kind === 'gc' ? 'V8' : 'native') : at} |`).join('\n')}

${method.join('\n')}

`;
}
