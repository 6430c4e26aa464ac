// View: what the operator looks at, and how.

export type Focus = 'overview' | 'pools' | 'threads' | 'methods' | 'fibers' | 'help';

export const methodSorts = ['rate', 'errors', 'p99', 'name'] as const;
export type MethodSort = (typeof methodSorts)[number];
export const threadSorts = ['trouble', 'fibers', 'memory', 'name'] as const;
export type ThreadSort = (typeof threadSorts)[number];

export interface View {
  focus: Focus;
  methodSort: MethodSort;
  threadSort: ThreadSort;
  paused: boolean;
  /** Rows above the first one shown. */
  scroll: number;
  /** The thread whose fibers are shown; undefined: the one that most needs a look. */
  fiberThread: string | undefined;
}

export const firstView: View = {
  focus: 'overview',
  methodSort: 'rate',
  threadSort: 'trouble',
  paused: false,
  scroll: 0,
  fiberThread: undefined,
};
