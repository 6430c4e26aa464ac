// zstdFrame: where a zstd frame ends and how long its content is, from its own lengths (RFC 8878, section 3.1.1), without
// decoding. Nodes of different versions differ in what they do with bytes behind a frame; so we look ourselves.

const magic = 0xfd2f_b528;

/** Block types that differ in how many bytes follow. */
const rleBlock = 1;
const reservedBlock = 3;

export interface ZstdFrame {
  /** Its length, bytes. */
  bytes: number;
  /** Of its content; -1: it does not say. */
  contentBytes: number;
}

/** The frame at the beginning of `source`; undefined: there is none, or it is not whole. */
export function zstdFrame(source: Buffer): ZstdFrame | undefined {
  if (source.length < 6 || source.readUInt32LE(0) !== magic) return undefined;
  const descriptor = source[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeCode = descriptor >>> 6;
  const sizeBytes = sizeCode === 0 ? Number(isSingleSegment) : 1 << sizeCode;
  const dictionaryCode = descriptor & 3;
  const dictionaryBytes = dictionaryCode === 3 ? 4 : dictionaryCode;
  const sizeAt = 5 + Number(!isSingleSegment) + dictionaryBytes;
  if (source.length < sizeAt + sizeBytes) return undefined;
  const contentBytes = contentSize(source, sizeAt, sizeBytes);
  let at = sizeAt + sizeBytes;
  let isLast = false;
  while (!isLast) {
    if (source.length < at + 3) return undefined;
    const header = source.readUIntLE(at, 3);
    const type = (header >>> 1) & 3;
    if (type === reservedBlock) return undefined;
    isLast = (header & 1) !== 0;
    at += 3 + (type === rleBlock ? 1 : header >>> 3);
  }
  if ((descriptor & 4) !== 0) at += 4;
  return at <= source.length ? { bytes: at, contentBytes } : undefined;
}

/** Sizes of two bytes count from 256. */
function contentSize(source: Buffer, at: number, bytes: number): number {
  switch (bytes) {
    case 0:
      return -1;
    case 2:
      return source.readUInt16LE(at) + 256;
    case 8:
      return Number(source.readBigUInt64LE(at));
    default:
      return source.readUIntLE(at, bytes);
  }
}
