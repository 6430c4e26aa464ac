// The admin thread's main (a worker_thread): it answers operators while main and every other thread may hang. It reads
// shared memory and what main has told last, asks threads about themselves, and asks main for what only main can do.

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemClock } from '../runtime/clock.ts';
import { HeddleError } from '../runtime/errors.ts';
import { connectLogger } from '../runtime/log/thread-logger.ts';
import { adminCommandPoint } from '../runtime/plugins/admin-command.ts';
import { type InstalledPlugins, installPlugins } from '../runtime/plugins/install.ts';
import { addBuiltIns } from './built-in.ts';
import { AdminCommands } from './commands.ts';
import { AdminServer } from './http-server.ts';
import { MainAsker } from './main-asker.ts';
import type { AdminThreadData, FromAdmin, ToAdmin } from './messages.ts';
import { Metrics } from './metrics.ts';
import { ProcessView } from './process-view.ts';
import { ThreadAsker } from './thread-asker.ts';

const data = workerData as AdminThreadData;
const logs = connectLogger(data.log);
const view = new ProcessView(data, systemClock);
const threads = new ThreadAsker(systemClock);
const main = new MainAsker(systemClock, tell, readPort);
const commands = new AdminCommands();
let plugins: InstalledPlugins | undefined;
addBuiltIns(commands, { data, view, threads, main, metrics: new Metrics(view) });

function tell(message: FromAdmin): void {
  parentPort!.postMessage(message);
}

/** What main has said and the event loop has not brought yet. */
function readPort(): void {
  for (let read = receiveMessageOnPort(parentPort!); read !== undefined; read = receiveMessageOnPort(parentPort!)) {
    onMessage(read.message as ToAdmin);
  }
}

function onMessage(message: ToAdmin): void {
  switch (message.type) {
    case 'facts':
      view.learn(message.facts, message.samples);
      tell({ type: 'seen' });
      if (view.facts.state === 'draining') plugins?.drain();
      break;
    case 'settings':
      data.settings = message.settings;
      break;
    case 'served':
      view.served = message.served;
      break;
    case 'counters':
      view.addCounters(message.number, message.memory);
      break;
    case 'thread':
      threads.add(message.number, message.port);
      break;
    case 'begun':
      main.onBegun(message.id);
      break;
    case 'answer':
      main.onAnswer(message.id, message.answer);
      break;
    case 'refusal':
      main.onRefusal(message.id, message.code, message.message);
      break;
    case 'stop':
      void end();
      break;
  }
}

parentPort!.on('message', onMessage);

async function listen(): Promise<number> {
  const { host, port, anyPort, hostName, configFile } = data;
  const server = new AdminServer({ hostName, configFile, commands, log: logs.component('admin') });
  try {
    return await server.listen(host, port);
  } catch (reason) {
    if (!anyPort || (reason as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw reason;
    return server.listen(host, 0);
  }
}

function install(): Promise<InstalledPlugins> {
  const thread = {
    kind: 'admin',
    name: 'admin',
    logger: (component: string) => logs.component(component),
    clock: systemClock,
  } as const;
  return installPlugins(data.plugins, thread, (plugin) =>
    adminCommandPoint(plugin, (command) => commands.add(command), systemClock),
  );
}

async function end(): Promise<void> {
  // A stop may be over before the news of its beginning were read.
  plugins?.drain();
  await plugins?.dispose();
  process.exit(0);
}

function failureOf(reason: unknown): HeddleError {
  if (reason instanceof HeddleError) return reason;
  const code = (reason as NodeJS.ErrnoException).code ?? '';
  const whys: Record<string, string> = {
    EADDRINUSE: 'the address is in use: stop the other process, or choose another admin.address (port 0: any free one)',
    EACCES: 'not permitted: ports below 1024 need privileges',
    EADDRNOTAVAIL: 'this machine has no such address',
  };
  const { hostName, port } = data;
  const shown = hostName.includes(':') ? `[${hostName}]` : hostName;
  const where = `cannot listen on http://${shown}:${port} (admin.address)`;
  return new HeddleError('FAILED_PRECONDITION', `${where}: ${whys[code] ?? String(reason)}`);
}

try {
  plugins = await install();
  tell({ type: 'listening', port: await listen() });
} catch (reason) {
  const { code, message } = failureOf(reason);
  tell({ type: 'failed', code, message });
}
