// Methods of `heddle, the queue`, as its slots carry them.

export const echoMethod = 1;
/** Processor time that the answering thread has used, µs, as a double, little-endian. */
export const threadCpuMethod = 2;
