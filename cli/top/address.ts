// adminTarget: which admin the commands that ask a process are for: an address as people write it, or the one in a config
// file. Of a file, the process must be the one that was started with it: the port may be another's.

import { existsSync, realpathSync } from 'node:fs';
import { parseAdminAddress } from '../../config/addresses.ts';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { parseYaml } from '../../document/parse-yaml.ts';
import { ProblemList, Source } from '../../document/problem.ts';
import { readText } from '../../document/read-text.ts';
import { asMap } from '../../document/tree.ts';
import { HeddleError } from '../../runtime/errors.ts';

const defaultFile = 'heddle.yaml';
const defaultAddress = 'http://127.0.0.1:7199';

export interface AdminTarget {
  /** `http://127.0.0.1:7199`. */
  address: string;
  /** Path of the config file that its process must have been started with; undefined: any process. */
  configFile?: string | undefined;
  /** Why it is this address, when nobody has named one: for whoever finds nobody there. */
  assumed?: string | undefined;
}

/**
 * `http://host:port`, `host:port`, `:port`, a port, or the path of a config file. Undefined: ./heddle.yaml if there is one,
 * else http://127.0.0.1:7199. Throws INVALID_ARGUMENT that says what is wrong: no address, no such file, a file that is no
 * YAML (with its mistakes), no admin.
 */
export function adminTarget(written: string | undefined, environment: NodeJS.ProcessEnv): AdminTarget {
  if (written === undefined) {
    const assumed = `there is no ${defaultFile} in this folder, so this is the address that an admin has by default`;
    return existsSync(defaultFile) ? targetIn(defaultFile, environment) : { address: defaultAddress, assumed };
  }
  if (/^http:\/\//.test(written)) return { address: addressOf(written, written) };
  if (/^https:\/\//.test(written)) throw wrong(`${written}: the admin speaks plain http; write http://host:port`);
  const match = /^(?:(\[[^\]]+\]|[\w.-]*):)?(\d{1,5})$/.exec(written);
  if (match !== null) return { address: addressOf(`http://${match[1] || '127.0.0.1'}:${match[2]}`, written) };
  return targetIn(written, environment);
}

function addressOf(url: string, written: string): string {
  if (!URL.canParse(url)) throw wrong(`${JSON.stringify(written)} is no address; write http://127.0.0.1:7199`);
  return new URL(url).origin;
}

function targetIn(file: string, environment: NodeJS.ProcessEnv): AdminTarget {
  if (!existsSync(file)) throw wrong(`there is no file ${file}; write the path of a config, or http://127.0.0.1:7199`);
  const admin = adminIn(file, environment);
  if (admin === undefined) throw wrong(`${file} says admin.address: none, so there is nobody to ask`);
  if (admin.port === 0) {
    throw wrong(`${file} leaves the port of the admin open; give the address that \`heddle start\` has logged`);
  }
  const host = everywhere[admin.host] ?? admin.host;
  const address = addressOf(`http://${host.includes(':') ? `[${host}]` : host}:${admin.port}`, file);
  return { address, configFile: realpathSync(file) };
}

/**
 * Undefined: it wants none. A file that has mistakes elsewhere, while somebody edits it, still says where its process is; one
 * that can't be read at all says nothing, and the default address may be another process's.
 */
function adminIn(file: string, environment: NodeJS.ProcessEnv): { host: string; port: number } | undefined {
  const { settings } = readConfig({ file, environment });
  if (settings !== undefined) return settings.admin;
  const problems = new ProblemList();
  const text = readText(file, problems);
  const tree = text === undefined ? undefined : parseYaml(new Source('file', file, text), problems);
  if (tree === undefined && problems.size > 0) throw wrong(unreadable(file, problems));
  const top = tree === undefined ? undefined : asMap(tree, tree.place);
  const section = top?.entries.get('admin')?.value;
  const written = section?.kind === 'map' ? section.entries.get('address')?.value : undefined;
  const parsed = written?.kind === 'scalar' ? parseAdminAddress(String(written.value)) : undefined;
  if (parsed !== undefined && 'value' in parsed) return parsed.value === 'none' ? undefined : parsed.value;
  const { hostname, port } = new URL(defaultAddress);
  return { host: hostname, port: Number(port) };
}

/** Where one can reach on this machine what listens everywhere. */
const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function unreadable(file: string, problems: ProblemList): string {
  const what = `as long as ${file} can not be read nobody knows where its process answers; mend it, or give the address`;
  return `${formatProblems(problems.sorted())}\n\n${what}`;
}

function wrong(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', what);
}
