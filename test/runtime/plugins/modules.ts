// What the plugin tests share: plugin modules written for one test, and what they note of their lives in a file.

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { Logger } from '../../../runtime/logger.ts';
import type { PluginSettings } from '../../../runtime/settings.ts';

const url = (path: string): string => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);

export class Modules {
  readonly folder = mkdtempSync(join(tmpdir(), 'heddle-plugins-'));
  readonly #notes = join(this.folder, 'notes');

  constructor(t: ExecutionContext) {
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  write(file: string, source: string): PluginSettings {
    writeFileSync(this.path(file), source);
    return { moduleUrl: pathToFileURL(this.path(file)).href, options: {} };
  }

  /** `definition` is the inside of definePlugin's braces; `note(text)` is at hand, and `sleep(ms)`. */
  plugin(name: string, definition: string, top = ''): PluginSettings {
    return this.write(
      `${name}.ts`,
      `import { appendFileSync } from 'node:fs';
import { definePlugin } from ${url('runtime/plugin.ts')};
import { HeddleError } from ${url('runtime/errors.ts')};
const note = (text: string) => appendFileSync(${JSON.stringify(this.#notes)}, text + '\\n');
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
${top}
export default definePlugin({ name: ${JSON.stringify(name)}, ${definition} });
`,
    );
  }

  /** A plugin that notes each step of its life. */
  noting(name: string, threads: string[], after: string[] = []): PluginSettings {
    return this.plugin(
      name,
      `after: ${JSON.stringify(after)}, threads: ${JSON.stringify(threads)}, install(host) {
  note(\`install \${host.threadName} ${name}\`);
  host.onDrain(() => note(\`drain \${host.threadName} ${name}\`));
  return async () => { await sleep(1); note(\`dispose \${host.threadName} ${name}\`); };
}`,
      `note('load ' + ${JSON.stringify(name)});`,
    );
  }

  note(text: string): void {
    appendFileSync(this.#notes, `${text}\n`);
  }

  /** Whole lines: a thread may be in the midst of writing one. */
  get notes(): string[] {
    return existsSync(this.#notes) ? readFileSync(this.#notes, 'utf8').split('\n').slice(0, -1) : [];
  }
}

/** A logger that keeps its sentences, with the component before them. */
export class KeptLog {
  readonly lines: string[] = [];
  readonly errors: unknown[] = [];

  readonly logger = (component: string): Logger => {
    const keep = (level: string) => (fields: object, message: string) => {
      this.lines.push(`${level} ${component}: ${message}`);
      if ('err' in fields) this.errors.push(fields.err);
    };
    return {
      trace: keep('trace'),
      debug: keep('debug'),
      info: keep('info'),
      warn: keep('warn'),
      error: keep('error'),
      fatal: keep('fatal'),
      isLevelEnabled: () => true,
      child: () => this.logger(component),
    };
  };
}
