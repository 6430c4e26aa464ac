// The main thread of an EndpointWorld, as the supervisor and the roller are: it links threads, settles deaths, and rolls the
// pool to its next generation. It does one thing at a time, as an event loop does; what must wait for others' words goes on
// as a later task.

import { noLiveSettings } from '../../runtime/live-settings.ts';
import type { LinkMemory } from '../../runtime/shared/link.ts';
import type { RoutingTable, ToMain, ToThread } from '../../runtime/thread-control.ts';
import { Driver, HandOp, run, runNow, type StepGenerator } from '../steps/step-runtime.ts';
import type { SteppingModules } from '../steps/steps.ts';
import { type SimThread, simThread } from '../steps/world.ts';
import type { Actor, EndpointWorldOptions } from './endpoint-actor.ts';
import { BellPort, SidePort } from './endpoint-ports.ts';
import { queueName, type WorldMemory } from './world-memory.ts';

type Task = () => StepGenerator<void> | void;

/** Main waits for words of these, then goes on. */
export interface Wait {
  readonly key: string;
  readonly missing: Set<number>;
  readonly then: () => StepGenerator<void> | void;
}

/** A roll of the pool: `turning` until no asker uses the old queue, `draining` until that is empty, `leaving` until the old ones are done. */
export interface Roll {
  phase: 'linking' | 'turning' | 'draining' | 'leaving';
  readonly old: number;
}

/** What main sees of the world, and does to it. */
export interface Threads {
  alive(): Actor[];
  start(number: number, life: number, queue: number): Actor;
  /** Its Worker stops. */
  end(actor: Actor): void;
  /** In the middle of something long. */
  isBusy(thread: SimThread): boolean;
  isQuiet(): boolean;
  enter(thread: SimThread): void;
}

export class EndpointMain {
  readonly thread = simThread('main', false);
  readonly waits: Wait[] = [];
  roll: Roll | undefined;
  /** Index of the queue that new work goes into. */
  inForce = 0;
  readonly #options: EndpointWorldOptions;
  readonly #modules: SteppingModules;
  readonly #shared: WorldMemory;
  readonly #world: Threads;
  /** What it comes to next, in order. */
  readonly #tasks: Task[] = [];
  #table: RoutingTable = { turn: 0, methods: [], queues: [{ pool: 'p', queue: queueName(0) }] };
  #rollsLeft: number;
  /** Of a thread of the next generation. */
  #nextNumber: number;

  constructor(options: EndpointWorldOptions, shared: WorldMemory, world: Threads) {
    this.#options = options;
    this.#modules = options.modules;
    this.#shared = shared;
    this.#world = world;
    this.#rollsLeft = options.rolls ?? 0;
    this.#nextNumber = options.batches.length + options.takers + 1;
    this.thread.driver = new Driver(this.#loop());
  }

  /** What tells states apart. */
  get state(): number[] {
    const state = [this.#tasks.length, this.waits.length, this.#rollsLeft, this.inForce, this.roll?.phase.length ?? 0];
    for (const { missing } of this.waits) state.push(...missing);
    return state;
  }

  go(): ToThread {
    return {
      type: 'go',
      table: this.#table,
      counts: this.#shared.plain(1024),
      clientCounts: this.#shared.plain(0),
      quarantined: [],
      live: noLiveSettings,
    };
  }

  /** As Supervisor.join. */
  join(member: Actor, post: (to: Actor, message: ToThread) => void): void {
    runNow(this.#shared.board.setFate(member.number, this.#modules.layout.fates.alive));
    const rung = ({ thread, bells }: Actor) => ({ name: thread.name, bells });
    const send = (to: Actor, peer: Actor, rings: [SharedArrayBuffer, SharedArrayBuffer], ports: unknown[]): void => {
      const table = this.#shared.tables[peer.number]!;
      const arena = this.#shared.arenas[peer.number]!;
      const pools = peer.asks ? [] : [queueName(peer.queue)];
      const memory: LinkMemory = { peer: peer.number, pools, toPeer: rings[0], fromPeer: rings[1], table, arena };
      this.#world.enter(to.thread);
      post(to, { type: 'link', memory, bell: ports[0] as never, side: ports[1] as never });
    };
    const own = this.#shared.ring(member.number, member.number);
    send(member, member, [own, own], []);
    for (const other of this.#world.alive()) {
      if (other === member) continue;
      const towards = this.#shared.ring(member.number, other.number);
      const back = this.#shared.ring(other.number, member.number);
      const bells = BellPort.pair(rung(member), rung(other));
      const sides = SidePort.pair();
      send(member, other, [towards, back], [bells[0], sides[0]]);
      send(other, member, [back, towards], [bells[1], sides[1]]);
    }
  }

  /** A word of a thread to main. */
  hear(actor: Actor, message: ToMain): void {
    if (message.type === 'linked') this.#release(`link ${message.peer}`, actor.number);
    else if (message.type === 'settled') this.#release(`settle ${message.number}`, actor.number);
    else if (message.type === 'turned') this.#release(`turn ${message.turn}`, actor.number);
  }

  /** The end of a thread has been decided. */
  condemn(actor: Actor): void {
    this.#tasks.push(() => this.#condemn(actor.number));
  }

  /** A thread has stopped. */
  died(actor: Actor): void {
    this.#tasks.push(() => this.#settle(actor));
  }

  #release(key: string, number: number): void {
    for (const wait of [...this.waits]) {
      if (wait.key === key || key === '') wait.missing.delete(number);
      if (wait.missing.size > 0 || !this.waits.includes(wait)) continue;
      this.waits.splice(this.waits.indexOf(wait), 1);
      this.#tasks.push(wait.then);
    }
  }

  #wait(key: string, from: Actor[], then: () => StepGenerator<void> | void): void {
    const missing = new Set(from.filter(({ thread }) => thread.driver !== undefined).map(({ number }) => number));
    if (missing.size === 0) this.#tasks.push(then);
    else this.waits.push({ key, missing, then });
  }

  *#loop(): StepGenerator<void> {
    const can = (): (() => StepGenerator<void> | void)[] => {
      const found: (() => StepGenerator<void> | void)[] = [];
      if (this.hasWork) found.push(() => this.#task());
      if (this.#rollsLeft > 0 && this.roll === undefined) found.push(() => this.#beginRoll());
      const condemned = this.#world.alive().find((actor) => actor.condemned);
      // However long it takes to stop.
      if (condemned !== undefined && this.#world.isQuiet()) found.push(() => this.#world.end(condemned));
      return found;
    };
    const { rolls, condemns } = this.#options;
    // When exactly main comes to what it has to do matters to nobody; when it begins something does.
    const eager = rolls === undefined && condemns !== true;
    for (;;) {
      this.thread.digest = 0;
      const way = yield new HandOp('wait', 'its next task, of', undefined, () => can().length, eager);
      const steps = can()[Number(way ?? 0)]!();
      if (steps !== undefined) yield* steps;
    }
  }

  /** Something to come to. */
  get hasWork(): boolean {
    return this.#tasks.length > 0 || this.#rollGoesOn();
  }

  *#task(): StepGenerator<void> {
    const task = this.#tasks.shift();
    if (task === undefined) {
      this.#goOnRolling();
      return;
    }
    const steps = task();
    if (steps !== undefined) yield* steps;
  }

  *#condemn(number: number): StepGenerator<void> {
    const { fates } = this.#modules.layout;
    if (!this.#world.alive().some((actor) => actor.number === number)) return;
    yield* run(this.#shared.board.setFate(number, fates.condemned));
    for (const other of this.#world.alive())
      if (other.number !== number) other.port.inbox.push({ type: 'condemned', number });
  }

  *#settle(dead: Actor): StepGenerator<void> {
    const { number } = dead;
    const lost = yield* this.#shared.settle(number);
    this.#release('', number);
    const others = this.#world.alive();
    for (const other of others) {
      const mine = lost.filter(({ asker }) => asker === other.number);
      other.port.inbox.push({ type: 'died', number, lost: mine });
    }
    this.#wait(`settle ${number}`, others, () => this.#afterDeath(dead));
  }

  *#afterDeath({ number, queue, work }: Actor): StepGenerator<void> {
    yield* run(this.#shared.board.resetRow(number));
    // One that retired has been replaced by its generation's successor.
    if (this.#options.reuse !== true || work.draining) return;
    const next = this.#world.start(number, 1, queue);
    this.#linkThenGo([next], () => {});
  }

  /** Gives threads to all others and all others to them; `then`: once all of them go. */
  #linkThenGo(members: Actor[], then: () => void): void {
    const go = (member: Actor): void => {
      if (member.thread.driver !== undefined) {
        member.isGoing = true;
        member.port.inbox.push(this.go());
        if (this.roll?.phase === 'leaving' && member.queue === this.roll.old) {
          member.port.inbox.push({ type: 'retire' });
        }
      }
      if (members.every(({ isGoing, thread }) => isGoing || thread.driver === undefined)) then();
    };
    for (const member of members) this.join(member, (to, message) => to.port.inbox.push(message));
    for (const member of members) {
      const waits = this.#options.impatient === true ? [member] : this.#world.alive();
      this.#wait(`link ${member.number}`, waits, () => go(member));
    }
  }

  /** The next generation is born and linked. */
  #beginRoll(): void {
    this.#rollsLeft--;
    const old = this.inForce;
    const roll: Roll = { phase: 'linking', old };
    this.roll = roll;
    const members: Actor[] = [];
    for (let count = 0; count < this.#options.takers; count++)
      members.push(this.#world.start(this.#nextNumber++, 0, 1 - old));
    this.#linkThenGo(members, () => this.#turn(roll));
  }

  /** Askers turn to it. */
  #turn(roll: Roll): void {
    if (roll.phase !== 'linking') return;
    roll.phase = 'turning';
    this.inForce = 1 - roll.old;
    this.#table = {
      turn: this.#table.turn + 1,
      methods: [],
      queues: [{ pool: 'p', queue: queueName(this.inForce) }],
    };
    const alive = this.#world.alive();
    for (const { port } of alive) port.inbox.push({ type: 'table', table: this.#table });
    this.#wait(`turn ${this.#table.turn}`, alive, () => {
      if (roll.phase === 'turning') roll.phase = 'draining';
    });
    if (this.#options.leavesEarly === true) this.#leave(roll);
  }

  #rollGoesOn(): boolean {
    const roll = this.roll;
    if (roll === undefined) return false;
    if (roll.phase === 'draining') return this.#isEmpty(roll.old);
    return roll.phase === 'leaving' && this.#oldOnes(roll).every((old) => this.#isDone(old));
  }

  #goOnRolling(): void {
    const roll = this.roll!;
    if (roll.phase === 'draining') {
      this.#leave(roll);
      return;
    }
    this.roll = undefined;
    for (const old of this.#oldOnes(roll)) this.#world.end(old);
  }

  #leave(roll: Roll): void {
    roll.phase = 'leaving';
    for (const { port, isGoing } of this.#oldOnes(roll)) if (isGoing) port.inbox.push({ type: 'retire' });
  }

  #isEmpty(queue: number): boolean {
    const { phases } = this.#modules.layout;
    const of = { queue: this.#shared.queues[queue]! };
    return this.#shared.countSlots(phases.ready, of) + this.#shared.countSlots(phases.writing, of) === 0;
  }

  /** Living threads of the generation that a roll replaces. */
  #oldOnes(roll: Roll): Actor[] {
    return this.#world.alive().filter(({ asks, queue }) => !asks && queue === roll.old);
  }

  /** As RequestRunner tells `retired`. */
  #isDone({ work, endpoint, thread, port, microtasks }: Actor): boolean {
    if (this.#world.isBusy(thread) || thread.pending?.kind !== 'wait') return false;
    if (!work.draining || !work.isIdle || port.inbox.length > 0 || microtasks.length > 0) return false;
    return endpoint.asker.inFlight === 0 && endpoint.answerer.held === 0;
  }
}
