// exitCodes: what each exit code of the `heddle` command means, drawn once; `--help` and docs/cli.md print it.

/** By meaning. 130 and 143 are 128 + the number of the signal, as shells count. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  cutOff: 3,
  internal: 4,
  /** In bin/heddle.js, which an old Node must be able to read. */
  unusable: 5,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCodeName = keyof typeof exitCodes;

/** Names of the codes that any command may end with. */
const everywhere: readonly ExitCodeName[] = ['usage', 'internal', 'unusable'];

const common: Record<ExitCodeName, string> = {
  ok: 'done',
  failed: 'it failed, and said why',
  usage: 'wrong usage: an unknown command or option, a missing or malformed argument',
  cutOff: 'stopped, but not everything was finished within stop.timeout',
  internal: 'a mistake in Heddle itself, or an exception that nobody caught',
  unusable: 'this Node is not supported, or the package has no build',
  interrupted: 'a second SIGINT (Ctrl-C): ended at once',
  terminated: 'a second SIGTERM: ended at once',
};

/** `  0  done` … for one command: its own words for some codes, and those that every command has. */
export function exitCodeLines(own: Partial<Record<ExitCodeName, string>>): string {
  const names = (Object.keys(exitCodes) as ExitCodeName[]).filter((name) => name in own || everywhere.includes(name));
  return names.map((name) => `  ${String(exitCodes[name]).padStart(3)}  ${own[name] ?? common[name]}`).join('\n');
}
