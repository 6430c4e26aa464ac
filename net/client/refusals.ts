// Refusals: why a client does not take a call, each with the values and what to do, and the form in which its caller
// gets them: the same as a server's ERROR.

import { type CallReply, emptyCallReply } from '../../runtime/call.ts';
import { codeNumber, HeddleError, retryHints } from '../../runtime/errors.ts';
import { metadataMaxBytes } from '../../runtime/metadata.ts';

/** A reply that the client made itself. */
interface OwnReply extends CallReply {
  readonly error: HeddleError;
}

/** An error as a reply: an object of its own, since the one who gets it may make calls that are refused too. */
export function replyOfError(error: HeddleError): CallReply {
  const reply: OwnReply = { ...emptyCallReply(), error };
  reply.code = codeNumber(error.code);
  reply.retry = retryHints.indexOf(error.retry);
  reply.retryAfterMs = error.retryAfterMs;
  reply.source = Buffer.from(error.message);
  reply.bodyEnd = reply.source.length;
  return reply;
}

/** What the client made a reply of; undefined: the server sent it. */
export function errorOfReply(reply: CallReply): HeddleError | undefined {
  return (reply as Partial<OwnReply>).error;
}

export function closed(name: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', `the client of ${name} is closed; make a new one`);
}

export function tooLate(route: string): HeddleError {
  return new HeddleError('DEADLINE_EXCEEDED', `${route} was not called: its deadline had passed already`);
}

export function frameTooLong(route: string, bytes: number, frameBytes: number): HeddleError {
  const message = `${route} was not called: the request has ${bytes} bytes, at most ${frameBytes} are sent (frameBytes)`;
  return new HeddleError('RESOURCE_EXHAUSTED', message, { retry: 'no' });
}

export function metadataTooLong(route: string, bytes: number): HeddleError {
  const message = `${route} was not called: its metadata has ${bytes} bytes, at most ${metadataMaxBytes} are sent`;
  return new HeddleError('INVALID_ARGUMENT', message);
}

export function tooManyInFlight(name: string, maxInFlight: number): HeddleError {
  const message = `${maxInFlight} calls to ${name} are in flight, as many as maxInFlight allows; try again when some have ended`;
  return new HeddleError('RESOURCE_EXHAUSTED', message);
}

export function notRead(name: string, writeBufferBytes: number): HeddleError {
  const message = `the servers of ${name} read too slowly: on each connection ${writeBufferBytes} bytes wait already (writeBufferBytes)`;
  return new HeddleError('RESOURCE_EXHAUSTED', message);
}

export function waitingRoomFull(name: string, writeBufferBytes: number): HeddleError {
  const message = `no connection to ${name} is up, and ${writeBufferBytes} bytes of calls wait for one already (writeBufferBytes)`;
  return new HeddleError('RESOURCE_EXHAUSTED', message);
}
