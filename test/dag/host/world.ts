// What the tests of dag/host share: graphs whose nodes are functions of a test, runs of them by fibers on a virtual clock,
// and a thread's strategies with their modules in a folder of their own.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { StrategyDefinition } from '../../../dag/definition.ts';
import { Graph } from '../../../dag/graph/compile-graph.ts';
import { CounterLedger } from '../../../dag/host/counter-ledger.ts';
import { limitBytes } from '../../../dag/host/loaded-set.ts';
import type { FromStrategies, ThreadBirth, ToStrategies } from '../../../dag/host/messages.ts';
import { hostStrategies } from '../../../dag/host/thread-strategies.ts';
import { loadStrategies } from '../../../dag/load/load-strategies.ts';
import { FiberRun, type NodeBody, type Runner } from '../../../dag/run/fiber-run.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { seededRandom } from '../../../runtime/clock.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import type { HostedFiber } from '../../../runtime/fiber/host.ts';
import type { Logger } from '../../../runtime/logger.ts';
import type { StrategyThread } from '../../../runtime/strategies.ts';
import { FiberRig } from '../../helpers/fiber-rig.ts';
import { settle } from '../../helpers/virtual-clock.ts';
import { type Folder, folderOf } from '../load/folder.ts';

/** What strategy files say; throws with their mistakes. `modules` false: nothing is imported. */
export async function definitionsOf(
  folder: Folder,
  names: readonly string[],
  modules = true,
): Promise<StrategyDefinition[]> {
  const sources = names.map((name) => folder.source(name));
  const { definitions, problems } = await loadStrategies(sources, {}, { modules });
  if (problems.length > 0) throw new Error(formatProblems(problems));
  return definitions;
}

/** Runs of one graph whose nodes do what the test says. */
export class GraphRig implements Runner {
  readonly rig = new FiberRig();
  readonly graph: Graph;
  readonly ended: FiberRun[] = [];
  readonly #bodies: readonly NodeBody[];

  private constructor(definition: StrategyDefinition, bodies: Readonly<Record<string, NodeBody>>) {
    this.graph = new Graph(definition);
    this.#bodies = this.graph.nodes.map(({ name }) => bodies[name] ?? (() => null));
    for (const node of this.graph.nodes) node.idempotent = true;
  }

  /** `text`: the file without its `strategy:`; nodes that are functions say `run: ./any.ts#any`. */
  static async of(t: ExecutionContext, text: string, bodies: Readonly<Record<string, NodeBody>>): Promise<GraphRig> {
    const folder = folderOf(t, { 'test.yaml': `strategy: test\n${text}` });
    return new GraphRig((await definitionsOf(folder, ['test.yaml'], false))[0]!, bodies);
  }

  run(fiber: FiberContext, request: unknown = {}, level = 0): Promise<unknown> {
    const hosted = fiber as HostedFiber;
    return new FiberRun(hosted, this.graph, request, {
      bodies: this.#bodies,
      random: seededRandom(1),
      runner: this,
      level,
      deadlineMs: hosted.callDeadlineMs,
    }).begin();
  }

  /** Names of nodes, in order. */
  readonly threw: string[] = [];
  readonly abandoned: string[] = [];

  nodeThrew(_run: FiberRun, node: string): void {
    this.threw.push(node);
  }

  nodesAbandoned(_run: FiberRun, nodes: readonly string[]): void {
    this.abandoned.push(...nodes);
  }

  runEnded(run: FiberRun): void {
    this.ended.push(run);
  }

  runNested(): Promise<unknown> {
    throw new Error('these graphs nest none');
  }

  /** How each node of the run that ended as the `at`th stands. */
  nodes(at = 0): Record<string, string> {
    const { state } = this.ended[at]!.core;
    return Object.fromEntries(this.graph.nodes.map(({ name, index }) => [name, state.of(index)]));
  }

  /** No timer waits: neither in the wheel nor on the clock. */
  get isAtRest(): boolean {
    return this.rig.timers.size === 0;
  }
}

/** A line that strategies logged. */
export interface Logged {
  level: string;
  fields: Readonly<Record<string, unknown>>;
  message: string;
}

export function keptLog(): { log: Logger; lines: Logged[] } {
  const lines: Logged[] = [];
  const at = (level: string) => (fields: object, message?: string) => {
    lines.push({ level, fields: fields as Logged['fields'], message: message ?? '' });
  };
  const log: Logger = {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    isLevelEnabled: () => true,
    child: () => log,
  };
  return { log, lines };
}

/** The strategies of one thread, as main would have begun them. */
export class ThreadRig {
  readonly rig = new FiberRig();
  readonly ledger = new CounterLedger();
  readonly told: FromStrategies[] = [];
  readonly lines: Logged[];
  readonly folder: Folder;
  readonly #log: Logger;
  #hosted: StrategyThread | undefined;

  private constructor(folder: Folder) {
    const { log, lines } = keptLog();
    this.folder = folder;
    this.lines = lines;
    this.#log = log;
  }

  static async of(
    t: ExecutionContext,
    files: Readonly<Record<string, string>>,
    levels: ThreadBirth['levels'] = {},
  ): Promise<ThreadRig> {
    const one = new ThreadRig(folderOf(t, files));
    const { set, memory } = await one.offer(1);
    one.ledger.use(1, 1, 0);
    one.#hosted = await hostStrategies({ set, memory, levels } satisfies ThreadBirth, {
      name: 'test',
      clock: one.rig.clock,
      random: seededRandom(1),
      log: one.#log,
      tell: (message) => one.told.push(structuredClone(message) as FromStrategies),
    });
    return one;
  }

  get hosted(): StrategyThread {
    return this.#hosted!;
  }

  /** What main says of the files as they are now. Modules are not looked at, so that threads find out. */
  async offer(version: number): Promise<ToStrategies & { say: 'offer' }> {
    const names = readdirSync(this.folder.path).filter((name) => name.endsWith('.yaml'));
    const definitions = await definitionsOf(this.folder, names.sort(), false);
    const memory = {
      counters: this.ledger.open(1, version, definitions, this.rig.clock.nowMs()),
      limits: new SharedArrayBuffer(limitBytes(definitions)),
    };
    return { say: 'offer', set: { version, definitions }, memory };
  }

  /** Offers the files as they are now, and waits until the thread has said something of them. */
  async offered(version: number): Promise<FromStrategies> {
    this.hosted.onMessage(await this.offer(version));
    return this.answer(version);
  }

  async answer(version: number): Promise<FromStrategies> {
    for (;;) {
      const found = this.told.find((one) => 'version' in one && one.version === version);
      if (found !== undefined) return found;
      await settle();
    }
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder.path, name), text);
  }

  run(fiber: FiberContext, strategy: string, request: unknown = {}): Promise<unknown> {
    return this.hosted.run(fiber as HostedFiber, strategy, request, undefined);
  }

  /** What one request of its own comes to. */
  value(strategy: string, request: unknown = {}): Promise<unknown> {
    return this.rig.value((fiber) => this.run(fiber, strategy, request));
  }

  saying<Say extends FromStrategies['say']>(say: Say): (FromStrategies & { say: Say })[] {
    return this.told.filter((one): one is FromStrategies & { say: Say } => one.say === say);
  }
}
