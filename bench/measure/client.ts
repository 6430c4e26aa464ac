// BenchClient: who sends the requests of a scenario: what `client.js` of a peer, or Heddle's own side, exports `connect` for.
// Each sends with its own library, as its own documentation says, where the scenario does not give all the same one; when is
// decided by the load generator (load/).

export interface ConnectOptions {
  /** The scenario's name: one client may know several. */
  readonly scenario: string;
  /** Of 127.0.0.1. */
  readonly port: number;
  /** To make, and to spread the calls over. */
  readonly connections: number;
  /** Calls under way at most, over all connections. */
  readonly inFlight: number;
  /** What the scenario says beside: sizes, for instance. */
  readonly params: Readonly<Record<string, unknown>>;
}

export interface BenchClient {
  /**
   * Makes one call. `kind` is what the scenario calls it; of those with one kind only: `call`. Resolves when the answer has
   * come, was decoded, compared with what it should be, and is right; rejects otherwise.
   */
  call(kind: string): Promise<unknown>;
  close(): unknown;
}

export interface ClientModule {
  /** Resolves when its connections are up, or as good as. */
  connect(options: ConnectOptions): BenchClient | Promise<BenchClient>;
}
