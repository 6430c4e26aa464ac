// ListenerDoor: what the calls of one listener go by on one IO thread. ThreadTraffic keeps it as the settings say; the
// listener's dispatcher looks at it for each call.

import type { CallHead } from '../../runtime/call.ts';
import type { Forward } from './forward.ts';
import { isMarkedWith } from './marks.ts';
import type { Mirror } from './mirror.ts';

export class ListenerDoor {
  /** False: there is nothing here to look at. The one question that each call is asked. */
  isOpen = false;
  /** Calls go there; undefined: the services of this process answer. */
  forward: Forward | undefined;
  mirrors: readonly Mirror[] = [];
  readonly #mark: Buffer;

  /** `mark`: of all copies that this process makes. */
  constructor(mark: Buffer) {
    this.#mark = mark;
  }

  /** Copies a call to the mirrors that draw it; not one that this process has copied before. `head` is as it came. */
  copyCall(service: string, method: string, head: CallHead): void {
    if (this.mirrors.length === 0 || isMarkedWith(head, this.#mark)) return;
    for (const mirror of this.mirrors) if (mirror.draws()) mirror.send(service, method, head, this.#mark);
  }
}
