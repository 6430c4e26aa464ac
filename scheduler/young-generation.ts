// How large the young generation of a thread's heap may get, by which V8 is told when the thread is made.

/**
 * MiB: three halves of 16. A thread at its heap limit may grow by 16 MiB (Node's worker.cc) so that the collection under
 * way can end, and then ends itself. When all of a larger half outlives that collection V8 aborts the process; by default
 * a half may have 64 MiB. An IO thread with 10,000 connections also has some 40 MB less of garbage by it.
 */
export const youngMebibytes = 48;
