// The process of a peer in the scenario `handoff`: `peer-process.ts <URL of its handoff.js>`. Loop and peer share the main
// thread.

import type { ClosedLoop } from './closed-loop.ts';
import { obey, takeOrders } from './subject.ts';

/** What a peer's handoff.js exports; `ask` sends a body, whose answer is told with the same slot. */
interface PeerModule {
  open(caller: { answered(slot: number, answer: Uint8Array): void; failed(reason: unknown): void }): Promise<{
    ask(slot: number, body: Buffer): void;
    close(): unknown;
  }>;
}

let current: ClosedLoop | undefined;
const { open } = (await import(process.argv[2]!)) as PeerModule;
const { ask, close } = await open({
  answered: (slot, answer) => current!.answered(slot, answer),
  failed: (reason) => current?.failed(reason),
});
const begin = (loop: ClosedLoop): void => {
  current = loop;
};
takeOrders((order) => obey({ begin, ask }, order), close);
