// A job that has nothing to do.

export function tick(): void {}
