// admin: `heddle admin`, what the admin of a running process answers, as tables and trees or as JSON. Each command is one
// request; words that it does not know are a plugin's path.

import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type CpuProfile, hottestLines } from '../runtime/cpu-profile.ts';
import { HeddleError } from '../runtime/errors.ts';
import { isLogLevel, logLevels } from '../runtime/settings.ts';
import { answerOf, failureText, hotLinesShown } from './admin-answer.ts';
import { type AdminRequest, type AdminResponse, askAdmin } from './admin-request.ts';
import {
  connectionsText,
  fibersText,
  hotLinesText,
  liftText,
  poolsText,
  quarantineText,
  servicesText,
  threadsText,
  versionText,
} from './admin-tables.ts';
import type { AdminOptions } from './command-options.ts';
import { exitCodes } from './exit-codes.ts';
import { jobRunText, jobsText } from './job-tables.ts';
import { adminTarget } from './top/address.ts';

/** The admin gives threads 100 ms, and main half a second and its profile, ms. */
const answerMs = 5_000;
/** A plugin's command may run for a minute, ms. */
const pluginAnswerMs = 65_000;
/** What the start and the end of a profile may take, ms. */
const profileGraceMs = 10_000;

/** One request and what to print of its answer. */
interface Task extends Omit<AdminRequest, 'address'> {
  /** Of a JSON answer, unless --json is given; undefined: it is printed as it is. */
  show?: (answer: unknown) => string;
  /** A file that it will write. */
  out?: string;
}

/** Resolves with the exit code. Throws when nobody answers, or the config says nowhere. */
export async function admin(words: readonly string[], options: AdminOptions): Promise<number> {
  let task: Task;
  try {
    task = taskOf(words, options);
  } catch (reason) {
    if (!(reason instanceof HeddleError)) throw reason;
    process.stderr.write(`heddle: ${reason.message}\n(heddle admin --help tells what it takes)\n`);
    return exitCodes.usage;
  }
  const unwritable = task.out === undefined ? undefined : whyUnwritable(task.out);
  if (unwritable !== undefined) throw new HeddleError('FAILED_PRECONDITION', unwritable);
  const target = adminTarget(options.address ?? options.config, process.env);
  const { address } = target;
  const response = await askAdmin({ ...target, ...task });
  if (response.status >= 400) {
    process.stderr.write(failureText(response, address));
    return exitCodes.failed;
  }
  process.stdout.write(answerText(response, task, options.json === true));
  return exitCodes.ok;
}

function taskOf([what = '', ...rest]: readonly string[], options: AdminOptions): Task {
  const get = (path: string, show?: Task['show']): Task => {
    return { verb: 'GET', path, timeoutMs: answerMs, ...(show === undefined ? {} : { show }) };
  };
  const post = (path: string, body: unknown, show?: Task['show']): Task => ({ ...get(path, show), verb: 'POST', body });
  const alone = (task: Task): Task => {
    if (rest.length > 0) throw wrong(`${what} takes no ${JSON.stringify(rest[0])}`);
    return task;
  };
  switch (what) {
    case '':
      return alone(get('/', shown(pathsText)));
    case 'version':
      return alone(get('/version', shown(versionText)));
    case 'threads':
      return alone(get('/threads', shown(threadsText)));
    case 'pools':
      return alone(get('/pools', shown(poolsText)));
    case 'services':
      return alone(get('/services', shown(servicesText)));
    case 'connections':
      return alone(get('/connections', shown(connectionsText)));
    case 'fibers': {
      const [thread, ...more] = rest;
      if (more.length > 0) throw wrong('fibers takes one thread at most, as: heddle admin fibers ranking-1');
      return get(thread === undefined ? '/fibers' : `/fibers?thread=${encodeURIComponent(thread)}`, shown(fibersText));
    }
    case 'config':
      return alone(get(options.explain === true ? '/config?explain' : '/config'));
    case 'loglevel':
      return levelTask(rest, get, post);
    case 'quarantine':
      return quarantineTask(rest, options, get, post);
    case 'jobs':
      return jobsTask(rest, get, post);
    case 'drain':
      return alone(post('/drain', undefined));
    case 'profile':
      return profileTask(rest, options, get);
    case 'metrics':
      return alone(get('/metrics'));
    default:
      return pluginTask([what, ...rest], options);
  }
}

type Get = (path: string, show?: Task['show']) => Task;
type Post = (path: string, body: unknown, show?: Task['show']) => Task;

function levelTask(rest: readonly string[], get: Get, post: Post): Task {
  const [first, second] = rest;
  if (first === undefined) return get('/loglevel');
  if (rest.length === 1 && isLogLevel(first)) return post('/loglevel', { level: first });
  if (rest.length === 2 && isLogLevel(second)) return post('/loglevel', { component: first, level: second });
  if (rest.length === 2 && second === 'default') return post('/loglevel', { component: first, level: null });
  throw wrong(
    `write a level, or a component and a level (${logLevels.join(', ')}; default: that of all), as: heddle admin loglevel acceptor debug`,
  );
}

function quarantineTask(rest: readonly string[], { all }: AdminOptions, get: Get, post: Post): Task {
  const [what, fingerprint, ...more] = rest;
  if (what === undefined) return get('/quarantine', shown(quarantineText));
  if (what !== 'lift' || more.length > 0 || (fingerprint === undefined) !== (all === true)) {
    throw wrong('write: heddle admin quarantine, quarantine lift <fingerprint>, or quarantine lift --all');
  }
  return post('/quarantine/lift', all === true ? { all } : { fingerprint }, shown(liftText));
}

function jobsTask([what, name, ...more]: readonly string[], get: Get, post: Post): Task {
  if (what === undefined) return get('/jobs', shown(jobsText));
  if (what === 'run' && name !== undefined && more.length === 0) {
    return post(`/jobs/run?name=${encodeURIComponent(name)}`, undefined, shown(jobRunText));
  }
  throw wrong('write: heddle admin jobs, or: heddle admin jobs run refresh-index');
}

function profileTask(rest: readonly string[], { seconds, out }: AdminOptions, get: Get): Task {
  const [thread, ...more] = rest;
  if (thread === undefined || more.length > 0) {
    throw wrong('say which thread, as: heddle admin profile ranking-1 (main and admin are threads too)');
  }
  const durationMs = Math.round(seconds * 1000);
  const show = (answer: unknown): string => {
    const saved =
      out === undefined ? '' : `\nsaved to ${out}: open it in the Performance panel of Chrome's developer tools\n`;
    if (out !== undefined) save(out, JSON.stringify(answer));
    return `${hotLinesText(thread, hottestLines(answer as CpuProfile, hotLinesShown))}${saved}`;
  };
  const path = `/profile?thread=${encodeURIComponent(thread)}&ms=${durationMs}`;
  return { ...get(path, show), timeoutMs: durationMs + profileGraceMs, ...(out === undefined ? {} : { out }) };
}

/** Asked before anything is measured for it; undefined: it looks writable. Creates nothing. */
function whyUnwritable(file: string): string | undefined {
  try {
    const known = statSync(file, { throwIfNoEntry: false });
    if (known?.isDirectory() === true) return cannotSave(file, 'it is a folder');
    accessSync(known === undefined ? dirname(file) : file, constants.W_OK);
    return undefined;
  } catch (reason) {
    return cannotSave(file, fileProblem(reason, file));
  }
}

function save(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (reason) {
    throw new HeddleError('FAILED_PRECONDITION', cannotSave(file, fileProblem(reason, file)), { cause: reason });
  }
}

function fileProblem(reason: unknown, file: string): string {
  const { code, message } = reason as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `there is no folder ${dirname(file)}`;
  if (code === 'ENOTDIR') return `${dirname(file)} is no folder`;
  return code === 'EACCES' || code === 'EROFS' ? 'it may not be written' : message;
}

function cannotSave(file: string, why: string): string {
  return `the profile can't be saved to ${file} (--out): ${why}`;
}

function pluginTask(words: readonly string[], { post, data }: AdminOptions): Task {
  const path = `/${words.join('/').replace(/^\//, '')}`;
  if (data !== undefined && post !== true) throw wrong('--data goes with --post');
  let body: unknown;
  try {
    body = data === undefined ? undefined : JSON.parse(data);
  } catch (error) {
    throw wrong(`--data is not JSON: ${(error as Error).message}`);
  }
  return { verb: post === true ? 'POST' : 'GET', path, body, timeoutMs: pluginAnswerMs };
}

/** A table of the answer; one of another shape is no Heddle's, and is printed as it came. */
function shown<Answer>(format: (answer: Answer) => string): Task['show'] {
  return (answer) => {
    try {
      return format(answer as Answer);
    } catch {
      return `${JSON.stringify(answer, undefined, 2)}\n`;
    }
  };
}

function pathsText({ paths }: { paths: { path: string; summary: string }[] }): string {
  const width = Math.max(...paths.map(({ path }) => path.length));
  return `${paths.map(({ path, summary }) => `${path.padEnd(width)}  ${summary}`).join('\n')}\n`;
}

function answerText({ isJson, text }: AdminResponse, { show }: Task, json: boolean): string {
  if (!isJson) return text.endsWith('\n') ? text : `${text}\n`;
  const answer = answerOf(text);
  return json || show === undefined ? `${JSON.stringify(answer, undefined, 2)}\n` : show(answer);
}

function wrong(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', what);
}
