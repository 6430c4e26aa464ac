// VersionForm: serves callers that have another version of a contract. Their requests are read in their schema and
// projected into ours; our replies are projected into theirs and written in it, so that a caller always reads what it
// knows. Built once per version and thread.

import { type CallReply, codecIds } from '../../runtime/call.ts';
import type { Fingerprint } from './avro-canonical.ts';
import { compileProjection, type Projection } from './avro-projection.ts';
import type { AvroType } from './avro-type.ts';
import type { BodyForm } from './method-codec.ts';
import { writeBody } from './scratch.ts';

const caller = 'the caller';
const service = 'this service';

export class VersionForm implements BodyForm {
  readonly #theirRequest: AvroType;
  readonly #theirResponse: AvroType;
  readonly #ourResponse: AvroType;
  readonly #fingerprint: Fingerprint;
  readonly #toOurs: Projection;
  readonly #toTheirs: Projection;

  /** Throws FAILED_PRECONDITION naming the first field that does not fit, with both types. */
  constructor(
    theirs: { request: AvroType; response: AvroType; fingerprint: Fingerprint },
    ours: { request: AvroType; response: AvroType },
  ) {
    this.#theirRequest = theirs.request;
    this.#theirResponse = theirs.response;
    this.#ourResponse = ours.response;
    this.#fingerprint = theirs.fingerprint;
    this.#toOurs = compileProjection(theirs.request.node, ours.request.node, {
      root: 'request',
      writer: caller,
      reader: service,
    });
    this.#toTheirs = compileProjection(ours.response.node, theirs.response.node, {
      root: 'response',
      writer: service,
      reader: caller,
    });
  }

  decode(source: Buffer, start: number, end: number): unknown {
    return this.#toOurs(this.#theirRequest.decode(source, start, end));
  }

  encode(value: unknown, reply: CallReply): void {
    // Written in our own schema first, which is how the value is checked: a projection trusts what it gets.
    writeBody(reply, value, this.#ourResponse.write);
    writeBody(reply, this.#toTheirs(value), this.#theirResponse.write);
    reply.codec = codecIds.avro;
    reply.fingerprintHigh = this.#fingerprint.high;
    reply.fingerprintLow = this.#fingerprint.low;
  }
}
