// latenciesExample: the shape of the latencies that `explain` and `simulate` take, for help and for errors.

/** What a file of `--latencies` looks like: of what GET /strategies answers, the least that says something. */
export const latenciesExample =
  '{"strategies":[{"name":"feed","nodes":[{"name":"rank","p50Ms":4,"p95Ms":9,"p99Ms":20}]}]}';
