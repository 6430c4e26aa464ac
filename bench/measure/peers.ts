// Peers: what Heddle is measured against: each a folder of bench/peers/ with `server.js` and `client.js`, as its project's
// own documentation would write them, and a package.json of its own with exact versions. Installed on first use.

import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

export interface Peer {
  readonly name: string;
  /** Each a file: URL; see serveBench and ClientModule. */
  readonly server: string;
  readonly client: string;
  /** Its folder, a file: URL that ends with `/`, for what else lies there. */
  readonly folder: string;
  /** Packages and versions, `moleculer 0.15.2`; of one that needs none: Node's version. */
  readonly versions: string;
}

/** Longest time for `npm ci` of one, ms. */
const installMaxMs = 300_000;
/** Of what npm says when it fails, UTF-16 units. */
const complaintMax = 1_000;

const peersFolder = new URL('../peers/', import.meta.url);

/** Installs it, if need be. Rejects, saying what npm said, when that fails. */
export async function readyPeer(name: string, onStep: (step: string) => void): Promise<Peer> {
  const folder = new URL(`${name}/`, peersFolder);
  const dependencies = dependenciesOf(folder);
  if (Object.keys(dependencies).length > 0 && !isInstalled(folder)) {
    onStep(`installing the peer ${name}`);
    await install(name, folder);
  }
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
  return {
    name,
    server: new URL('server.js', folder).href,
    client: new URL('client.js', folder).href,
    folder: folder.href,
    versions: versions.join(', ') || `node ${process.version}`,
  };
}

function dependenciesOf(folder: URL): Readonly<Record<string, string>> {
  const { dependencies = {} } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
  return dependencies;
}

/** npm writes a lock of its own into what it has installed. */
function isInstalled(folder: URL): boolean {
  const installed = statSync(new URL('node_modules/.package-lock.json', folder), { throwIfNoEntry: false });
  const lock = statSync(new URL('package-lock.json', folder), { throwIfNoEntry: false });
  return installed !== undefined && lock !== undefined && installed.mtimeMs >= lock.mtimeMs;
}

function install(name: string, folder: URL): Promise<void> {
  // npm tells its scripts what it was asked, by variables that an npm within would obey: not to work in this folder.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^npm_(config_local_prefix|package_|lifecycle_|command)/.test(key)),
  );
  const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return new Promise((resolve, reject) => {
    execFile('npm', words, { cwd: folder, env, timeout: installMaxMs }, (reason, stdout, stderr) => {
      if (reason === null) resolve();
      else {
        const complaint = (stderr || stdout || reason.message).trim().slice(0, complaintMax);
        reject(
          new Error(
            `the peer ${name} could not be installed: npm ${words.join(' ')} in bench/peers/${name}: ${complaint}`,
          ),
        );
      }
    });
  });
}
