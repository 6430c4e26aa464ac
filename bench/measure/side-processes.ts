// SideProcesses: the server and the client process of one side of a comparison, started when they are first needed, and again
// after they were killed.

import { ClientProcess, type Load } from './client-process.ts';
import type { OwnSide, Sample, Shape } from './comparison.ts';
import { ServerProcess } from './server-process.ts';

/** A sample that was this long and had no answer is not tried again, ms. */
const unansweredMaxMs = 2_000;

export class SideProcesses implements AsyncDisposable {
  readonly name: string;
  readonly versions: string;
  readonly isOwn: boolean;
  readonly #side: OwnSide;
  readonly #scenario: string;
  #server: ServerProcess | undefined;
  #client: ClientProcess | undefined;
  #hasRun = false;

  constructor(side: OwnSide & { readonly versions?: string }, scenario: string, isOwn: boolean) {
    this.name = side.name;
    this.versions = side.versions ?? 'this checkout';
    this.isOwn = isOwn;
    this.#side = side;
    this.#scenario = scenario;
  }

  /** It has come through a run. */
  get hasRun(): boolean {
    return this.#hasRun;
  }

  /** Connects for a shape. */
  async open(
    { connections, loads, params: ofShape }: Shape,
    ofScenario: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { name, server, client } = this.#side;
    const params = { ...ofScenario, ...this.#side.params };
    this.#server ??= await ServerProcess.named(`server of ${name}`, server, this.#scenario, JSON.stringify(params));
    this.#client ??= await ClientProcess.start(`client of ${name}`, client);
    const inFlight = loads.reduce((sum, load) => sum + inFlightOf(load), 0);
    const { port } = this.#server;
    const scenario = this.#scenario;
    await this.#client.open({ scenario, port, connections, inFlight, params: { ...params, ...ofShape } });
  }

  /** Rejects when a call has failed, unless it may. All that the server used is between the two readings of its clock. */
  async run(shape: Shape, durationMs: number, seed: number, mayFail: boolean): Promise<Sample> {
    for (let ms = durationMs; ; ms *= 2) {
      const sample = await this.#sample(shape, ms, seed, mayFail);
      if (sample !== undefined) return sample;
      // On a busy machine a short sample may end before a call does.
      if (ms > unansweredMaxMs) throw new Error(`no call was answered within ${ms} ms`);
    }
  }

  /** Undefined: too short for an answer, and none has failed. */
  async #sample({ loads }: Shape, durationMs: number, seed: number, mayFail: boolean): Promise<Sample | undefined> {
    const before = await this.#server!.usage();
    const figures = await this.#client!.run(loads, durationMs, seed);
    const after = await this.#server!.usage();
    const answers = figures.reduce((sum, load) => sum + load.answers, 0);
    for (const { kind, answers, failed, failure } of figures) {
      if (failed === 0 || (mayFail && answers > 1)) continue;
      throw new Error(`${failed} of ${answers + failed} calls (${kind}) have failed: ${failure}`);
    }
    // One went ahead.
    if (figures.some((load) => load.answers <= 1)) return undefined;
    this.#hasRun = true;
    return { cpuUs: (after.cpuUs - before.cpuUs) / answers, rssMb: after.rssBytes / 1e6, loads: figures };
  }

  async close(): Promise<void> {
    await this.#client!.close();
  }

  /** At once, after a failure; `open` starts them anew. */
  async kill(): Promise<void> {
    const [server, client] = [this.#server, this.#client];
    this.#server = undefined;
    this.#client = undefined;
    await Promise.all([server?.kill(), client?.kill()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]();
    await this.#server?.[Symbol.asyncDispose]();
  }
}

function inFlightOf({ shape }: Load): number {
  return shape.kind === 'open' ? shape.maxInFlight : shape.inFlight;
}
