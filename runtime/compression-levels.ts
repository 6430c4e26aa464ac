// The levels that the built-in compressors have, for config/, which declares them, and net/compression/, which uses them.

/** Fast and nearly as small as more: see docs/compression.md for what others cost. */
export const compressionLevelDefault = 1;
export const gzipLevelMax = 9;
export const zstdLevelMax = 19;
