// The part of the schema about compression: keys of services and clients, and the levels of the built-in compressors.

import { bytes, integer, key, object, orNone, text } from '../document/declare.ts';
import { gzipLevelMax, zstdLevelMax } from '../runtime/compression-levels.ts';

/** `compressAbove` of a service. */
export const repliesAbove = key(
  bytes('1B', '64MiB', orNone),
  'none',
  'Smallest reply that is compressed for callers that take that; on the CPU threads of its pool.',
  'Between the machines of a data centre bytes are cheaper than the CPU that saves them; long lines want 8KiB.',
);

/** `compression` of a client. */
export const callsBy = key(
  text(
    'the name of a compressor: gzip, zstd or one that a plugin adds; or none',
    'zstd',
    '^[a-z][a-z0-9.+-]{0,63}$',
    (name) =>
      /^[a-z][a-z0-9.+-]{0,63}$/.test(name)
        ? { value: name }
        : { message: 'must be gzip, zstd, none, or the name of a compressor that a plugin adds' },
  ),
  'none',
  'How requests of compressAbove and more are compressed, on the calling CPU thread, and which replies are asked for.',
  'Only who knows the line knows whether bytes are dearer than CPU; the peer must know the compressor.',
);

/** `compressAbove` of a client. */
export const requestsAbove = key(
  bytes('1B', '64MiB', orNone),
  '8KiB',
  'Smallest request that is compressed, if compression says how; none: only replies are.',
  'Below, a body fits into a few packets anyway.',
);

export const compressionType = object({
  gzipLevel: key(
    integer(1, gzipLevelMax),
    1,
    'From 1, fast, to 9, small.',
    'Level 6 costs four times as much CPU on 100 KiB of JSON, for a sixth fewer bytes.',
  ),
  zstdLevel: key(
    integer(1, zstdLevelMax),
    1,
    'From 1, fast, to 19, small.',
    'Level 9 costs seven times as much CPU on 100 KiB of JSON, for a fifteenth fewer bytes.',
  ),
});
