// What the service answers from and the job refreshes. Both run on the one thread of pool `films`, so they share it.

export const catalogue = { titles: [] as string[], refreshes: 0 };
