// SoakClients: one set of clients of the service, made anew for each part of the run, so that between two parts nobody
// holds a connection.

import { type Client, type ConnectOptions, connect } from '../../net/client/connect.ts';
import type { Contract } from '../../net/service/contract.ts';
import { Work as Trapped } from '../faults/deaths/services/contracts.ts';
import { Inline, Side, Work } from '../faults/services/contracts.ts';
import { Guarded } from '../faults/services/guarded-contract.ts';
import type { Ports } from './config.ts';
import { HttpCalls } from './http-calls.ts';
import { Frail, Front, Greedy, Notes } from './services/contracts.ts';

/** No answer may be made good by a second attempt, and no outage by waiting. */
const oneAttempt = { maxAttempts: 1, ejectAfter: 0, backoffFirstMs: 1, backoffMaxMs: 100 };
/** Longest call of a client with a deadline, ms. */
export const clientTimeoutMs = 12_000;

export class SoakClients implements AsyncDisposable {
  readonly ports: Ports;
  readonly work: Client<typeof Work>;
  /** With the defaults: it repeats what it may. */
  readonly stubbornWork: Client<typeof Work>;
  /** Without a deadline of its own: only an answer ends its calls. */
  readonly patientSide: Client<typeof Side>;
  readonly side: Client<typeof Side>;
  readonly inline: Client<typeof Inline>;
  readonly front: Client<typeof Front>;
  readonly guarded: Client<typeof Guarded>;
  readonly greedy: Client<typeof Greedy>;
  readonly frail: Client<typeof Frail>;
  readonly trapped: Client<typeof Trapped>;
  readonly notes: Client<typeof Notes>;
  readonly http = new HttpCalls(8);
  readonly admin = new HttpCalls(1);
  readonly #all: AsyncDisposable[] = [];

  constructor(ports: Ports) {
    this.ports = ports;
    this.work = this.open(Work, { ...oneAttempt, connections: 2 });
    this.stubbornWork = this.open(Work, { connections: 2 });
    this.patientSide = this.open(Side, { ...oneAttempt, timeoutMs: 0 });
    this.side = this.open(Side, { connections: 2 });
    this.inline = this.open(Inline, { ...oneAttempt, connections: 2 });
    this.front = this.open(Front, { ...oneAttempt, connections: 2 });
    this.guarded = this.open(Guarded, oneAttempt);
    this.greedy = this.open(Greedy, oneAttempt);
    this.frail = this.open(Frail, oneAttempt);
    this.trapped = this.open(Trapped, { ...oneAttempt, timeoutMs: 0 });
    this.notes = this.open(Notes, oneAttempt);
  }

  /** One more client, closed with the others unless whoever asked for it closes it before. */
  open<Service extends Contract>(contract: Service, options: Partial<ConnectOptions> = {}): Client<Service> {
    const target = `heddle://127.0.0.1:${this.ports.heddle}`;
    const client = connect(contract, { target, timeoutMs: clientTimeoutMs, ...options });
    this.#all.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.http[Symbol.dispose]();
    this.admin[Symbol.dispose]();
    await Promise.all(this.#all.map((client) => client[Symbol.asyncDispose]()));
  }
}
