#!/usr/bin/env node
// The `heddle` command: checks that this Node can run it and that there is something to run, then hands over to
// cli/main. Plain old JavaScript, so that any Node since 12 gets as far as the one clear sentence below.

'use strict';

// Exit codes stand in cli/exit-codes.ts; this is the one of an unsupported Node or a missing build.
const unusableHere = 5;
const neededNode = '^24.20.0 || >=26.6.0';

function isSupported(version) {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  const major = parts[0];
  const minor = parts[1];
  if (major === 24) return minor >= 20;
  if (major === 26) return minor >= 6;
  return major > 26;
}

function refuse(sentence) {
  process.stderr.write(`heddle: ${sentence}\n`);
  process.exitCode = unusableHere;
}

/** Threads that replace others, and processes, begin in about two thirds of the time when nothing is compiled again. */
function keepCompiled() {
  const env = process.env;
  if (env.NODE_COMPILE_CACHE || env.NODE_DISABLE_COMPILE_CACHE || env.NODE_V8_COVERAGE) return;
  const { directory } = require('node:module').enableCompileCache();
  // Threads have their own, and find it by this.
  if (directory) env.NODE_COMPILE_CACHE = directory;
}

function run() {
  const fs = require('node:fs');
  const path = require('node:path');
  const url = require('node:url');
  const home = path.dirname(__dirname);
  const source = path.join(home, 'cli', 'main.ts');
  const built = path.join(home, 'dist', 'cli', 'main.js');
  // A checkout runs its sources, whatever an older build has left in dist/. Under node_modules Node strips no types.
  const inNodeModules = home.split(path.sep).indexOf('node_modules') !== -1;
  const main = fs.existsSync(source) && !inNodeModules ? source : built;
  if (!fs.existsSync(main)) {
    refuse(`there is no build (${built}): run \`npm run build\` in a checkout, else install the package again`);
    return;
  }
  keepCompiled();
  import(url.pathToFileURL(main).href).then(
    (cli) => cli.main(process.argv.slice(2)),
    (error) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      refuse(`${error.message.split('\n')[0]}; install what is missing: npm ci in a checkout, else npm install`);
    },
  );
}

if (isSupported(process.version)) {
  run();
} else {
  refuse(
    `Node ${process.version} (${process.execPath}) is not supported, Heddle needs ${neededNode}; ` +
      'install one of those, or add it to the project (npm install --save-dev node@26): npm scripts and `npx heddle` then use it',
  );
}
