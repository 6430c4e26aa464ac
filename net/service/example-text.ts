// exampleText: the example of a method as the JSON that people paste. Made once per method where its service is loaded,
// so that an example that no longer fits its schema fails the start instead of misleading a reader.

import { codecIds, emptyCallHead } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { ContractMethod } from './contract.ts';

/**
 * The JSON text of a method's example; undefined when it has none or its bodies don't travel as JSON. Throws
 * INVALID_ARGUMENT, naming the path, when the method would not take it.
 */
export function exampleText(method: ContractMethod): string | undefined {
  const { codec, example, fullName } = method;
  if (example === undefined || codec.codecs?.includes('json') !== true) return undefined;
  const head = emptyCallHead();
  try {
    codec.writeRequest(example, head, 'json');
    head.codec = codecIds.json;
    // Callers are not trusted to have checked what they send; the service's side reads it as it would read theirs.
    codec.formFor(head, fullName)?.decode(head.source, head.bodyStart, head.bodyEnd);
  } catch (reason) {
    const { code, message } = HeddleError.from(reason, 'it can not be written');
    throw new HeddleError(code, `the example of ${fullName}: ${message}`, { cause: reason });
  }
  return head.source.toString('utf8', head.bodyStart, head.bodyEnd);
}
