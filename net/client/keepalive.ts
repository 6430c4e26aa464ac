// Keepalive: when a silent connection is probed, and when its peer counts as dead. Any bytes from the peer are a sign of
// life; a half-open connection (the other machine lost power, a firewall forgot) gives none.

export class Keepalive {
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  #heardMs = 0;
  /** When the probe was sent that nothing has followed yet; Infinity: there is none. */
  #pingedMs = Number.POSITIVE_INFINITY;

  /** `intervalMs` of silence before a probe (0: none but the first), `timeoutMs` more before the peer is dead. */
  constructor(intervalMs: number, timeoutMs: number) {
    this.#intervalMs = intervalMs === 0 ? Number.POSITIVE_INFINITY : intervalMs;
    this.#timeoutMs = timeoutMs;
  }

  /** When the last sign of life came, ms. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** A sign of life. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#pingedMs = Number.POSITIVE_INFINITY;
  }

  /** A probe was sent. */
  pinged(nowMs: number): void {
    this.#pingedMs = nowMs;
  }

  /** When to look again, ms on the clock; Infinity: never. */
  get dueMs(): number {
    return this.#pingedMs === Number.POSITIVE_INFINITY
      ? this.#heardMs + this.#intervalMs
      : this.#pingedMs + this.#timeoutMs;
  }

  /** `silent`: send a probe. */
  look(nowMs: number): 'alive' | 'silent' | 'dead' {
    if (nowMs >= this.#pingedMs + this.#timeoutMs) return 'dead';
    if (this.#pingedMs === Number.POSITIVE_INFINITY && nowMs >= this.#heardMs + this.#intervalMs) return 'silent';
    return 'alive';
  }
}
