// Which config file a request to an admin is meant for: commands that found the address in a file say so, and another
// process that happens to have the port refuses, instead of being reloaded or drained in its place.

/** Its absolute path, as encodeURIComponent writes it. */
export const configFileHeader = 'heddle-config';

/** Why a request with this header is not for a process with that config; undefined: it is. */
export function whyElsewhere(header: string | undefined, configFile: string | undefined): string | undefined {
  if (header === undefined || configFile === undefined || decoded(header) === configFile) return undefined;
  return `this process runs ${configFile}, not ${decoded(header)}: give the address that \`heddle start\` printed for that one, with --address`;
}

function decoded(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}
