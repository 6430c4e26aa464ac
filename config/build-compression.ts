// What heddle.yaml says about compression, checked where it needs more than one key: can the pool do it, is the
// compressor there.

import type { ProblemList } from '../document/problem.ts';
import { quote } from '../document/quote.ts';
import { nearest } from '../runtime/nearest.ts';
import type { CompressionSettings } from '../runtime/settings.ts';
import type { CheckedClient, CheckedConfig, CheckedService } from './schema.ts';

/** Those that come with Heddle. */
const builtInCompressors = ['gzip', 'zstd'];

/** For the settings of a service: `compressAboveBytes`, when it has one. */
export function replyCompression(
  name: string,
  { compressAbove }: { compressAbove: CheckedService['compressAbove'] },
  pool: string,
  problems: ProblemList,
): { compressAboveBytes?: number } {
  const { value, place } = compressAbove;
  if (value === 0) return {};
  if (pool === 'io') {
    const message = `service ${quote(name)} runs on IO threads, which never compress: give it a pool of CPU threads, or leave compressAbove out`;
    problems.add(place, message);
  }
  return { compressAboveBytes: value };
}

/** For the settings of a client: nothing when it does not compress. `hasPlugins`: a compressor may be theirs. */
export function callCompression(
  { compression, compressAbove }: CheckedClient['value'],
  hasPlugins: boolean,
  problems: ProblemList,
): { compression?: string; compressAboveBytes?: number } {
  const name = compression.value;
  if (name === undefined || name === 'none') return {};
  if (!hasPlugins && !builtInCompressors.includes(name)) {
    const allowed = [...builtInCompressors, 'none'];
    const message = `no compressor is named ${quote(name)}, and no plugin is listed that could add it`;
    problems.add(compression.place, message, { allowed, suggestion: nearest(name, allowed) });
  }
  return { compression: name, ...(compressAbove.value > 0 && { compressAboveBytes: compressAbove.value }) };
}

/** Of the built-in compressors. */
export function buildCompression({ compression }: CheckedConfig): CompressionSettings {
  return { gzipLevel: compression.gzipLevel.value, zstdLevel: compression.zstdLevel.value };
}
