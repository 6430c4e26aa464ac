// The bounds of protocol http that no setting names. Those that a user sets stand in BindingSettings.

/** Request line and headers together, with the empty line behind them, bytes; over it 431. */
export const headBytesMax = 16_384;

/** What stands behind the sizes of the chunks of one body and in its trailers, bytes; over it 413. */
export const chunkExtensionsBytesMax = 16_384;

/** Header lines of one request; over it 431. */
export const headersMax = 100;

/** Requests in flight on one connection at which it is not read any further until half of them are answered. */
export const pipelinePause = 64;

/**
 * Requests in flight on one connection at which it is cut off. One read (64 KiB) has as many of the shortest requests that
 * there are, so only a peer that means it comes here.
 */
export const pipelineMax = 4096;

/** Requests in flight on one IO thread; over it RESOURCE_EXHAUSTED. A tag has room for no more. */
export const callsMax = 1 << 20;

/** How many unwanted bytes are read and dropped for one connection, so that the peer can take an answer in. */
export const lingerBytes = 1_048_576;

/** CallHeads that a thread keeps for reuse; one is in use per request whose body is still coming in. */
export const sparesMax = 64;
