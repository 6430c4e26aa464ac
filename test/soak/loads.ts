// loads: the callers of the soak runner, over both protocols, of every pool, with all codecs and priorities. Each goes on
// with one call at a time until it is told to stop; all is written down in the ledger.

import type { Random } from '../../runtime/clock.ts';
import type { ErrorCode } from '../../runtime/errors.ts';
import { isReply, request } from '../faults/deaths/services/contracts.ts';
import { recordedIds } from '../faults/deaths/services/record.ts';
import { isTagged, sumOf, taggedBytes } from '../faults/services/contracts.ts';
import { clientTimeoutMs, type SoakClients } from './clients.ts';
import { poolTimeoutMs } from './config.ts';
import type { CallKind, CallTerms, Ledger } from './ledger.ts';
import { relays } from './services/contracts.ts';

interface PlannedCall extends Partial<CallTerms> {
  make: (id: number) => Promise<boolean>;
}

interface Load extends CallKind {
  callers: number;
  plan: (clients: SoakClients, random: Random) => PlannedCall;
}

/** Between two calls of one caller, ms at most: all share the machine's cores with what they call. */
const paceMs = 16;
/** After a failed one, ms. */
const failedPaceMs = 20;

const overSockets = ['process', 'io'] as const;

const loads: Load[] = [
  { name: 'work', dependsOn: [...overSockets, 'cpu:work'], callers: 8, plan: planWork },
  { name: 'work, repeated', dependsOn: [...overSockets, 'cpu:work'], callers: 4, plan: planStubborn },
  { name: 'bystander', dependsOn: overSockets, callers: 4, plan: planSide },
  { name: 'bystander, no deadline', dependsOn: overSockets, callers: 3, plan: planPatient },
  { name: 'on IO threads', dependsOn: overSockets, callers: 3, plan: planInline },
  { name: 'nested, offloaded', dependsOn: [...overSockets, 'cpu:work', 'cpu:front'], callers: 4, plan: planNested },
  {
    name: 'to the backend',
    dependsOn: [...overSockets, 'cpu:work', 'cpu:front', 'backend'],
    callers: 4,
    plan: planOutgoing,
  },
  { name: 'guarded', dependsOn: [...overSockets, 'cpu:guarded'], callers: 2, plan: planGuarded },
  { name: 'greedy', dependsOn: overSockets, callers: 2, plan: planGreedy },
  { name: 'frail', dependsOn: [...overSockets, 'cpu:frail'], callers: 2, plan: planFrail },
  { name: 'trapped', dependsOn: [...overSockets, 'cpu:trapped'], callers: 2, plan: planTrapped },
  { name: 'one-way', dependsOn: overSockets, callers: 1, plan: planNote },
  { name: 'http', dependsOn: [...overSockets, 'cpu:work'], callers: 4, plan: planHttp },
  { name: 'http, bystander', dependsOn: overSockets, callers: 2, plan: planHttpSide },
  { name: 'admin', dependsOn: ['process'], callers: 1, plan: planAdmin },
];

/** Starts all callers; the returned function stops them and resolves when their last calls have settled or are given up. */
export function startLoads(clients: SoakClients, ledger: Ledger, random: Random): () => Promise<void> {
  let stopped = false;
  async function caller(load: Load): Promise<void> {
    while (!stopped) {
      const { make, withinMs = clientTimeoutMs, codes = [] } = load.plan(clients, random);
      const ended = await ledger.call(load, { withinMs, codes }, make);
      await new Promise((resolve) => setTimeout(resolve, ended === 'right' ? random() * paceMs : failedPaceMs));
    }
  }
  const all = loads.flatMap((load) => Array.from({ length: load.callers }, () => caller(load)));
  return async () => {
    stopped = true;
    await Promise.all(all);
  };
}

function priorityOf(random: Random): 'high' | 'normal' | 'low' {
  const at = random();
  return at < 0.2 ? 'high' : at < 0.4 ? 'low' : 'normal';
}

/** One call in ten is taken back, one in ten has too little time. */
function fate(random: Random): { signal?: AbortSignal; timeoutMs?: number; codes: ErrorCode[]; sleepMs: number } {
  const at = random();
  if (at < 0.1) {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), random() * 8);
    return { signal: abort.signal, codes: ['CANCELLED'], sleepMs: 8 };
  }
  if (at < 0.2) return { timeoutMs: 1 + random() * 8, codes: ['DEADLINE_EXCEEDED'], sleepMs: 8 };
  return { codes: [], sleepMs: at < 0.4 ? random() * 10 : 0 };
}

function planWork({ work }: SoakClients, random: Random): PlannedCall {
  const { codes, sleepMs, ...how } = fate(random);
  const options = { ...how, priority: priorityOf(random) };
  const kind = random();
  if (kind < 0.5) {
    const spinMs = random() < 0.1 ? random() * 5 : 0;
    return {
      codes,
      make: async (id) => {
        const reply = await work.echo({ id, text: `echo ${id}`, sleepMs, spinMs }, options);
        return reply.id === id && reply.text === `echo ${id}`;
      },
    };
  }
  if (kind < 0.75) {
    return {
      codes,
      make: async (id) => {
        const text = `${id} `.repeat(1 + (id % 60));
        const reply = await work.mirror({ id, text }, options);
        return reply.id === id && reply.sum === sumOf(text);
      },
    };
  }
  const length = 8 + Math.floor(random() * (kind < 0.97 ? 4_000 : 400_000));
  return { codes, make: async (id) => isTagged(await work.raw(taggedBytes(id, length), options), id, length) };
}

function planStubborn({ stubbornWork }: SoakClients, random: Random): PlannedCall {
  const priority = priorityOf(random);
  return {
    make: async (id) => {
      const reply = await stubbornWork.echo({ id, text: `again ${id}`, sleepMs: id % 3 }, { priority });
      return reply.id === id && reply.text === `again ${id}`;
    },
  };
}

function planSide({ side }: SoakClients, random: Random): PlannedCall {
  if (random() < 0.5) {
    return {
      make: async (id) => {
        const reply = await side.echo({ id, text: `side ${id}`, sleepMs: id % 4 });
        return reply.id === id && reply.text === `side ${id}`;
      },
    };
  }
  const length = 8 + Math.floor(random() * 20_000);
  return { make: async (id) => isTagged(await side.raw(taggedBytes(id, length)), id, length) };
}

function planPatient({ patientSide }: SoakClients): PlannedCall {
  return {
    withinMs: poolTimeoutMs,
    make: async (id) => {
      const reply = await patientSide.mirror({ id, text: `patient ${id}` });
      return reply.id === id && reply.sum === sumOf(`patient ${id}`);
    },
  };
}

function planInline({ inline }: SoakClients, random: Random): PlannedCall {
  const { codes, sleepMs, ...options } = fate(random);
  return {
    codes,
    make: async (id) => {
      const reply = await inline.echo({ id, text: `inline ${id}`, sleepMs }, options);
      return reply.id === id && reply.text === `inline ${id}`;
    },
  };
}

function planNested(clients: SoakClients, random: Random): PlannedCall {
  return planRelay(clients, random, 0, 3);
}

function planOutgoing(clients: SoakClients, random: Random): PlannedCall {
  return planRelay(clients, random, 3, 3);
}

function planRelay({ front }: SoakClients, random: Random, first: number, count: number): PlannedCall {
  const how = relays[first + Math.floor(random() * count)]!;
  const { codes, sleepMs, ...options } = fate(random);
  return {
    codes,
    make: async (id) => {
      const text = `${how} ${id}`;
      const reply = await front.relay({ id, text, sleepMs, how }, options);
      return reply.id === id && reply.text === text;
    },
  };
}

function planGuarded({ guarded }: SoakClients): PlannedCall {
  return { make: async (id) => (await guarded.echo({ id })).id === id };
}

function planGreedy({ greedy }: SoakClients): PlannedCall {
  return { make: async (id) => (await greedy.echo({ id })).id === id };
}

function planFrail({ frail }: SoakClients): PlannedCall {
  return { make: async (id) => (await frail.echo({ id, sleepMs: id % 3 })).id === id };
}

function planTrapped({ trapped }: SoakClients, random: Random): PlannedCall {
  const bodyBytes = 16 + Math.floor(random() * (random() < 0.5 ? 200 : 20_000));
  return {
    withinMs: poolTimeoutMs,
    make: async (id) => {
      const own = id % recordedIds;
      return isReply(Buffer.from(await trapped.handle(request(own, bodyBytes))), own, bodyBytes);
    },
  };
}

/** Settles when it was handed on; nothing comes back. */
function planNote({ notes }: SoakClients, random: Random): PlannedCall {
  const sleepMs = random() * 5;
  return {
    make: async (id) => {
      await notes.note({ id, sleepMs }, { oneWay: true });
      return true;
    },
  };
}

function planHttp(clients: SoakClients, random: Random): PlannedCall {
  return planMirror(clients, random, 'faults.Work');
}

function planHttpSide(clients: SoakClients, random: Random): PlannedCall {
  return planMirror(clients, random, 'faults.Side');
}

/** One request in ten is left alone by its caller, one in ten has too little time. */
function planMirror({ http, ports }: SoakClients, random: Random, service: string): PlannedCall {
  const at = random();
  const leaves = at < 0.1;
  const isLate = at >= 0.1 && at < 0.2;
  const codes: ErrorCode[] = leaves ? ['CANCELLED'] : isLate ? ['DEADLINE_EXCEEDED'] : [];
  return {
    withinMs: poolTimeoutMs,
    codes,
    make: async (id) => {
      const sleepMs = leaves || isLate ? 8 : id % 3;
      const answer = await http.send({
        port: ports.http,
        path: `/${service}/echo`,
        body: { id, text: `http ${id}`, sleepMs, spinMs: 0 },
        ...(isLate ? { headers: { 'heddle-timeout': '2ms' } } : {}),
        ...(leaves ? { leaveAfterMs: random() * 8 } : {}),
      });
      const reply = JSON.parse(answer) as { id: number; text: string };
      return reply.id === id && reply.text === `http ${id}`;
    },
  };
}

const adminPaths = [
  '/version',
  '/threads',
  '/pools',
  '/services',
  '/connections',
  '/fibers',
  '/quarantine',
  '/metrics',
];

function planAdmin({ admin, ports }: SoakClients, random: Random): PlannedCall {
  const path = adminPaths[Math.floor(random() * adminPaths.length)]!;
  return {
    make: async () => {
      const text = await admin.send({ port: ports.admin, path });
      return path === '/metrics' ? text.includes('# TYPE') : typeof JSON.parse(text) === 'object';
    },
  };
}
