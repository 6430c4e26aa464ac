// content-type: codec <-> content-type, by the codecs of the thread. JSON, which most speak, is looked up nowhere.

import { codecIds } from '../../../runtime/call.ts';
import { codecs } from '../../../runtime/plugins/codec.ts';

/** What the header of a request may say, for error sentences. */
export function contentTypes(): string {
  return codecs.all.map(({ contentType }) => contentType).join(', ');
}

/** The content-type of a codec id; ids without one travel as application/octet-stream. */
export function contentTypeOfCodec(codec: number): string {
  if (codec === codecIds.json) return 'application/json';
  return codecs.ofId(codec)?.contentType ?? 'application/octet-stream';
}

/**
 * The codec id of a content-type header, -1 when there is none for it. Absent or empty means JSON. The only parameter that
 * matters is charset, which must be UTF-8.
 */
export function codecOfContentType(header: string | undefined): number {
  if (header === undefined || header === '' || header === 'application/json') return codecIds.json;
  const semicolon = header.indexOf(';');
  const type = (semicolon === -1 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  const codec = codecs.ofContentType(type)?.id ?? -1;
  if (semicolon === -1 || codec !== codecIds.json) return codec;
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(header.slice(semicolon))?.[1];
  return charset === undefined || charset.toLowerCase() === 'utf-8' ? codec : -1;
}
