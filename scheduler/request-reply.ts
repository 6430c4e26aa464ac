// writeReply: what a request's fiber has come to, as the reply to its caller. Called by the RequestRunner when fiber, children
// and finalizers have ended.

import type { CallReply } from '../runtime/call.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { HostedFiber } from '../runtime/fiber/host.ts';
import { hintOf } from '../runtime/relayed.ts';
import type { RunnerHost } from './host-module.ts';
import { addMetadata, clearReply, failReply } from './reply-form.ts';
import type { RunningRequest } from './running-request.ts';

/** Fills `reply`. A value that can't be written is an error to the caller; never throws. */
export function writeReply(request: RunningRequest, root: HostedFiber, host: RunnerHost, reply: CallReply): void {
  const { form } = request;
  const exit = root.exit!;
  if (exit.how === 'returned' && request.oneWay) {
    clearReply(reply);
  } else if (exit.how === 'returned' && form !== undefined) {
    clearReply(reply);
    try {
      form.encode(exit.value, reply);
      if (request.acceptedCompression !== 0) {
        host.compression?.deflate(request.method, request.acceptedCompression, reply);
      }
    } catch (reason) {
      failReply(reply, reported(request, HeddleError.from(reason), host));
    }
  } else {
    const error = exit.how === 'returned' ? noForm : exit.error;
    // What the handler called has been repeated as far as that helps; and the handler itself has run.
    failReply(reply, reported(request, error, host), hintOf(error));
  }
  const metadata = root.replyMetadataIfAny;
  if (metadata === undefined || metadata.size === 0) return;
  const failure = addMetadata(reply, metadata);
  if (failure !== undefined) host.log.error({ method: request.name, err: failure }, 'reply metadata was left out');
}

/** Errors that nobody chose are the operator's to see; chosen ones are answers. */
function reported(request: RunningRequest, reason: HeddleError, host: RunnerHost): HeddleError {
  const error = request.form?.failure?.(reason) ?? reason;
  if (error.cause !== undefined && (error.code === 'INTERNAL' || error.code === 'UNKNOWN')) {
    host.log.error({ method: request.name, err: error.cause }, error.message);
  }
  return error;
}

const noForm = new HeddleError('INTERNAL', 'the request ended before it began');
