// What `heddle call` sends and gets, whatever protocol carries it.

import type { Priority } from '../runtime/call.ts';
import type { HeddleError } from '../runtime/errors.ts';

export interface CallRequest {
  /** `heddle://host:port,host:port`, `http://host:port/prefix`. */
  target: string;
  service: string;
  method: string;
  body: Buffer;
  codec: 'json' | 'bytes' | 'flatbuffers';
  /** The longest it may take, connecting included, ms. */
  timeoutMs: number;
  metadata: [string, string][];
  priority: Priority;
  oneWay: boolean;
}

export interface CallAnswer {
  /** Set when it is a failure; the body is empty then. */
  error?: HeddleError;
  /** Anything else than JSON is printed as it is. */
  codec: 'json' | 'other';
  body: Buffer;
  metadata: ReadonlyMap<string, string>;
  /** Who answered, for `--verbose`. */
  from: string;
}
