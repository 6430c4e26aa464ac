// Choices of a random world as they are drawn, and nodes in the making, for sketchOf.

import type { Data } from '../../../../dag/definition.ts';

/** Numbers named `pick` choose one of whatever there is. Times are whole ms here. */
export interface NodeChoice {
  readonly kind: 'run' | 'value' | 'foreach';
  readonly position: number;
  readonly needs: readonly { readonly pick: number; readonly soft: boolean }[];
  readonly consumer: { readonly pick: number; readonly soft: boolean };
  readonly join: 'all' | 'none_failed' | 'any' | 'quorum';
  readonly when: { readonly about: 'request' | 'need' | 'has' | 'both'; readonly than: number } | undefined;
  readonly rows: readonly (readonly AttemptChoice[])[];
  readonly list: {
    readonly parallel: number;
    readonly quorum: number | undefined;
    readonly failed: 'hole' | 'drop';
    readonly maxItems: number;
  };
  readonly timeoutMs: number | undefined;
  readonly retry: { readonly attempts: number; readonly backoffMs: number } | undefined;
  /** Hedges at most. */
  readonly hedge: number | undefined;
  readonly estimateMs: number | undefined;
  readonly light: number | undefined;
  readonly breaker: 'open' | 'closed' | undefined;
  readonly fallback: readonly { readonly kind: 'value' | 'reading' | 'stale' | 'node'; readonly pick: number }[];
  readonly stale: boolean;
  readonly change:
    | { readonly kind: 'skip' | 'replace' | 'input'; readonly level: number; readonly pick: number }
    | undefined;
}

export interface AttemptChoice {
  readonly ms: number;
  /** `empty`: a map without the fields that others read. */
  readonly outcome: 'good' | 'empty' | 'null' | 'UNAVAILABLE' | 'ABORTED' | 'INVALID_ARGUMENT';
  readonly value: number;
}

export interface WorldChoice {
  readonly nodes: readonly NodeChoice[];
  readonly outputs: number;
  readonly x: number;
  readonly items: readonly Data[];
  readonly level: number;
  readonly totalMs: number | undefined;
  readonly reserveMs: number;
  readonly deadlineMs: number | undefined;
  readonly retries: number;
  readonly hedges: number;
}

/** A node in the making, by its place in the order of dependencies. */
export interface Draft {
  readonly place: number;
  readonly choice: NodeChoice;
  readonly hard: number[];
  readonly soft: number[];
  readonly standIns: { light: number | undefined; fallback: (number | undefined)[]; replace: number | undefined };
}

export function nameOf(place: number): string {
  return `n${place}`;
}
