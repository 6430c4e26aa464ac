// The bounds of fibers: each list that user code can make grow, with its name, unit and default.

/** Live children of one fiber. Over it `spawn` throws RESOURCE_EXHAUSTED. */
export const childrenMax = 10_000;

/** Fibers above one another by `spawn`, root included: what cancel walks down. Over it RESOURCE_EXHAUSTED. */
export const nestingMax = 1_000;

/** Things that one fiber waits for at once (`Promise.all` over sleeps, calls …). Over it RESOURCE_EXHAUSTED. */
export const waitsMax = 10_000;

/** Finalizers registered and not yet run, per fiber. Over it `defer` throws RESOURCE_EXHAUSTED. */
export const finalizersMax = 10_000;

/** Callbacks of `onCancel` registered at once, per fiber. Over it RESOURCE_EXHAUSTED. */
export const cancelCallbacksMax = 10_000;

/** Fiber-local values of one fiber. Over it `setLocal` throws RESOURCE_EXHAUSTED. */
export const localsMax = 1_000;

/** Inputs of one `parallel` that are under way at once; the rest wait their turn in the caller. */
export const parallelMax = 256;

/** Fibers that wait for one primitive (each of a channel's two sides counts alone). Default; set per primitive. */
export const waitersMax = 10_000;

/** How long the finalizers of one fiber may wait, together, ms; then their waits throw DEADLINE_EXCEEDED. */
export const finalizerGraceMs = 5_000;

/** Bodies of one thread that may go on after their fibers were ended over their heads; then fibers wait for them again. */
export const abandonedMax = 1000;
