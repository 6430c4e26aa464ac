// adminAddress: which admin `heddle top` looks at: an address as people write it, or the one in a config file.

import { existsSync } from 'node:fs';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { HeddleError } from '../../runtime/errors.ts';

const defaultFile = 'heddle.yaml';
const defaultAddress = 'http://127.0.0.1:7199';

/**
 * `http://host:port`, `host:port`, `:port`, a port, or the path of a config file. Undefined: ./heddle.yaml if there is one,
 * else http://127.0.0.1:7199. Throws INVALID_ARGUMENT that says what is wrong: no address, mistakes in the config, no admin.
 */
export function adminAddress(written: string | undefined, environment: NodeJS.ProcessEnv): string {
  if (written === undefined) return existsSync(defaultFile) ? addressIn(defaultFile, environment) : defaultAddress;
  if (/^http:\/\//.test(written)) return addressOf(written, written);
  if (/^https:\/\//.test(written)) throw wrong(`${written}: the admin speaks plain http; write http://host:port`);
  const match = /^(?:(\[[^\]]+\]|[\w.-]*):)?(\d{1,5})$/.exec(written);
  if (match !== null) return addressOf(`http://${match[1] || '127.0.0.1'}:${match[2]}`, written);
  return addressIn(written, environment);
}

function addressOf(url: string, written: string): string {
  if (!URL.canParse(url)) throw wrong(`${JSON.stringify(written)} is no address; write http://127.0.0.1:7199`);
  return new URL(url).origin;
}

function addressIn(file: string, environment: NodeJS.ProcessEnv): string {
  const { settings, problems } = readConfig({ file, environment });
  if (settings === undefined) {
    throw wrong(`this config does not say where the admin is; give its address instead:\n${formatProblems(problems)}`);
  }
  const { admin } = settings;
  if (admin === undefined) throw wrong(`${file} says admin.address: none, so there is nobody to ask`);
  if (admin.port === 0) {
    throw wrong(`${file} leaves the port of the admin open; give the address that \`heddle start\` has logged`);
  }
  const host = everywhere[admin.host] ?? admin.host;
  return addressOf(`http://${host.includes(':') ? `[${host}]` : host}:${admin.port}`, file);
}

/** Where one can reach on this machine what listens everywhere. */
const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function wrong(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', what);
}
