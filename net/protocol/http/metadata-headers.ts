// metadata-headers: `heddle-meta-<key>: value` headers <-> Heddle's metadata, both ways. On IO threads; most requests
// have none and pay only for a look at the names of their headers.

import { type CallReply, noBytes } from '../../../runtime/call.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { decodeMetadata, encodeMetadata } from '../../../runtime/metadata.ts';
import { queryKey, queryMark } from '../../codec/query-mark.ts';
import type { ParsedRequest } from './parse-request.ts';

const prefix = 'heddle-meta-';

/** Of a request; `isPlain` means that there are none. */
export type MetadataHeaders = Pick<ParsedRequest, 'headers' | 'isPlain'>;

/**
 * The metadata of a request in the form of runtime/metadata.ts; of a query, behind its mark. Throws INVALID_ARGUMENT on a
 * bad key, bad percent-encoding, or more than `metadataMaxBytes` in all.
 */
export function readMetadataHeaders({ headers, isPlain }: MetadataHeaders, isQuery: boolean): Buffer {
  if (isPlain) return isQuery ? queryMark : noBytes;
  let pairs: [string, string][] | undefined;
  for (const name in headers) {
    if (!name.startsWith(prefix)) continue;
    const key = name.slice(prefix.length);
    if (key === queryKey) {
      throw new HeddleError('INVALID_ARGUMENT', `header ${name}: this metadata key is the runtime's own`);
    }
    pairs ??= [];
    pairs.push([key, decodeValue(name, headers[name]!)]);
  }
  if (pairs === undefined) return isQuery ? queryMark : noBytes;
  const metadata = encodeMetadata(pairs);
  return isQuery ? Buffer.concat([queryMark, metadata]) : metadata;
}

function decodeValue(name: string, value: string): string {
  // Bytes above ASCII have no agreed meaning in a header (RFC 9110 §5.5), so they must come percent-encoded.
  if (printable.test(value)) {
    try {
      return value.includes('%') ? decodeURIComponent(value) : value;
    } catch {
      // Falls through to the sentence below.
    }
  }
  throw new HeddleError(
    'INVALID_ARGUMENT',
    `header ${name}: the value must be ASCII, with anything else as %XX of UTF-8`,
  );
}

const printable = /^[\t -~]*$/;

/** The metadata of a reply as header lines. */
export function metadataLines(reply: CallReply): string {
  let lines = '';
  if (reply.metadataEnd === reply.metadataStart) return lines;
  for (const [key, value] of decodeMetadata(reply.source, reply.metadataStart, reply.metadataEnd)) {
    lines += `${prefix}${key}: ${encodeValue(value)}\r\n`;
  }
  return lines;
}

// A value that would change on its way (spaces at an end are trimmed), or that holds a %, is encoded as a whole.
function encodeValue(value: string): string {
  return plain.test(value) ? value : encodeURIComponent(value);
}

const plain = /^(?:[!-$&-~](?:[ -$&-~]*[!-$&-~])?)?$/;
