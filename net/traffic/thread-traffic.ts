// ThreadTraffic: where the calls of each listener go beside or instead of this process's services, on one IO thread. It
// takes each new state of the settings over at once: calls that come go by the new one, those under way end where they
// are, and what is left of the old one closes when they have, or when its time is up.

import type { Refusal } from '../../runtime/shared/refusal.ts';
import type { ListenerTraffic, MirrorSettings, TargetAddress } from '../../runtime/traffic-settings.ts';
import type { ClientHost } from '../client/host.ts';
import { Forward, handlesPerForward, type Permits } from './forward.ts';
import { ListenerDoor } from './listener-door.ts';
import { mirrorMark, newCopier } from './marks.ts';
import { Mirror } from './mirror.ts';

/** How long calls under way may take after their target was taken out of the settings, ms. */
export const retireMs = 30_000;
/** How often it is looked whether they have ended, ms. */
const retireLookMs = 50;
/** Old targets at once; beyond it the oldest closes at once: settings that change without end. */
export const retiredMax = 64;

/** Handles from here on name forwarded calls; those of other calls stay below. A multiple of `handlesPerForward`. */
export const forwardHandles = 2 ** 50;
/** Where they end: room for 1.8 million targets, one after another. */
const forwardHandlesEnd = 2 ** 53;

/** One that takes no new calls. */
interface Retired {
  target: Forward | Mirror;
  untilMs: number;
}

export class ThreadTraffic {
  /** One for each listener. */
  readonly doors: readonly ListenerDoor[];
  readonly #host: ClientHost;
  readonly #permits: Permits;
  /** All that may have calls under way, by their first handles. */
  readonly #forwards = new Map<number, Forward>();
  readonly #retired: Retired[] = [];
  /** What targets are known by from one state of the settings to the next. */
  readonly #addresses = new WeakMap<Forward | Mirror, string>();
  /** Of the next new target. */
  #nextHandles = forwardHandles;
  #timer = -1;
  #closed = false;

  /** `copier`: the name of the process in the copies that it makes; all its threads have the same. */
  constructor(host: ClientHost, permits: Permits, listeners: number, copier: string = newCopier(host.random)) {
    this.#host = host;
    this.#permits = permits;
    const mark = mirrorMark(copier);
    this.doors = Array.from({ length: listeners }, () => new ListenerDoor(mark));
  }

  /** Forwarded calls not yet answered. */
  get inFlight(): number {
    let calls = 0;
    for (const forward of this.#forwards.values()) calls += forward.inFlight;
    return calls;
  }

  /** By listener. A target that is the same as before keeps its connections. */
  set(perListener: readonly ListenerTraffic[]): void {
    if (this.#closed) return;
    for (const [index, door] of this.doors.entries()) {
      const { forward, mirror } = perListener[index] ?? { mirror: [] };
      this.#setForward(door, forward);
      this.#setMirrors(door, mirror);
      door.isOpen = door.forward !== undefined || door.mirrors.length > 0;
    }
  }

  /** Takes a forwarded call back, by its handle; one that was answered already is nobody's. */
  cancel(handle: number): void {
    this.#forwards.get(handle - (handle % handlesPerForward))?.cancel(handle);
  }

  /** Answers all forwarded calls. */
  endAll(answer: Refusal): void {
    for (const forward of this.#forwards.values()) forward.endAll(answer);
  }

  /** Closes all connections; forwarded calls that still wait are answered. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== -1) this.#host.timers.remove(this.#timer);
    this.#timer = -1;
    const targets = this.#retired.splice(0).map(({ target }) => target);
    for (const { forward, mirrors } of this.doors) {
      targets.push(...mirrors);
      if (forward !== undefined) targets.push(forward);
    }
    await Promise.all(targets.map((target) => target.close()));
  }

  /** Looks which of the old targets have nothing to wait for. */
  onTimer(): void {
    this.#timer = -1;
    const nowMs = this.#host.clock.nowMs();
    for (const retired of [...this.#retired]) {
      if (retired.target.inFlight === 0 || nowMs >= retired.untilMs) this.#end(retired);
    }
    this.#lookLater();
  }

  #setForward(door: ListenerDoor, addresses: readonly TargetAddress[] | undefined): void {
    const before = door.forward;
    if (addresses === undefined) {
      door.forward = undefined;
    } else if (before === undefined || this.#addresses.get(before) !== keyOf(addresses)) {
      const firstHandle = this.#freeHandles();
      door.forward = new Forward(this.#host, this.#permits, addresses, firstHandle);
      this.#forwards.set(firstHandle, door.forward);
      this.#addresses.set(door.forward, keyOf(addresses));
    }
    if (before !== undefined && door.forward !== before) this.#retire(before);
  }

  #setMirrors(door: ListenerDoor, settings: readonly MirrorSettings[]): void {
    const before = [...door.mirrors];
    door.mirrors = settings.map(({ addresses, percent }) => {
      const at = before.findIndex((mirror) => this.#addresses.get(mirror) === keyOf(addresses));
      const [same] = at < 0 ? [] : before.splice(at, 1);
      const mirror = same ?? new Mirror(this.#host, addresses, percent);
      mirror.percent = percent;
      this.#addresses.set(mirror, keyOf(addresses));
      return mirror;
    });
    for (const mirror of before) this.#retire(mirror);
  }

  /** Never the same twice, or a cancel that comes late would meet a call of another target. */
  #freeHandles(): number {
    do {
      this.#nextHandles += handlesPerForward;
      if (this.#nextHandles === forwardHandlesEnd) this.#nextHandles = forwardHandles;
    } while (this.#forwards.has(this.#nextHandles));
    return this.#nextHandles;
  }

  #retire(target: Forward | Mirror): void {
    this.#retired.push({ target, untilMs: this.#host.clock.nowMs() + retireMs });
    if (this.#retired.length > retiredMax) this.#end(this.#retired[0]!);
    this.#lookLater();
  }

  #end(retired: Retired): void {
    const { target } = retired;
    this.#retired.splice(this.#retired.indexOf(retired), 1);
    void target.close();
    if (target instanceof Forward) this.#forwards.delete(target.firstHandle);
  }

  #lookLater(): void {
    if (this.#timer !== -1 || this.#retired.length === 0) return;
    this.#timer = this.#host.timers.add(this.#host.clock.nowMs() + retireLookMs, this, 0);
  }
}

function keyOf(addresses: readonly TargetAddress[]): string {
  return addresses.map(({ host, port }) => `${host} ${port}`).join();
}
