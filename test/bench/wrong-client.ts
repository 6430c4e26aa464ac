// A client of the bench that gets no right answer.

export function connect(): { call(): Promise<never>; close(): void } {
  return { call: () => Promise.reject(new Error('the answer is not what was sent')), close: () => {} };
}
