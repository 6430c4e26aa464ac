// The time of one simulated thread, in all the forms in which the language and Node give it: Date, Intl, Temporal,
// performance, AbortSignal.timeout.

import { performance } from 'node:perf_hooks';
import type { SimThread } from './thread.ts';
import { refusal } from './unsimulated.ts';
import { withOwn } from './with-own.ts';

/** Dates that it makes are Node's own, and so they are for whoever gets them. */
export function simDate(thread: SimThread): unknown {
  const now = (): number => Math.floor(thread.clock.wallMs());
  return new Proxy(Date, {
    apply: () => new Date(now()).toString(),
    construct: (target, values: unknown[], newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as object,
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}

const NativeFormat = Intl.DateTimeFormat;
const { formatToParts } = NativeFormat.prototype;
const format = Object.getOwnPropertyDescriptor(NativeFormat.prototype, 'format')!.get!;

/** Formats without a date mean now. */
export function simIntl(thread: SimThread): object {
  const wallMs = (): number => Math.floor(thread.clock.wallMs());
  const prototype = Object.create(NativeFormat.prototype, {
    format: {
      get(this: Intl.DateTimeFormat) {
        const own = format.call(this) as (date: unknown) => string;
        return (date?: unknown) => own(date ?? wallMs());
      },
    },
    formatToParts: {
      value(this: Intl.DateTimeFormat, date?: Date | number) {
        return formatToParts.call(this, date ?? wallMs());
      },
    },
  }) as object;
  const make = (values: unknown[]): object => Object.setPrototypeOf(Reflect.construct(NativeFormat, values), prototype);
  const DateTimeFormat: object = new Proxy(NativeFormat, {
    apply: (_target, _this, values: unknown[]) => make(values),
    construct: (_target, values: unknown[], newTarget) =>
      newTarget === DateTimeFormat ? make(values) : (Reflect.construct(NativeFormat, values, newTarget) as object),
  });
  return withOwn(Intl, { DateTimeFormat });
}

/** What there is of Temporal.Now, which Node 24 has not. */
interface NativeTemporal {
  Now: object & { timeZoneId(): string };
  Instant: { fromEpochMilliseconds(ms: number): { toZonedDateTimeISO(zone: unknown): ZonedDateTime } };
}

interface ZonedDateTime {
  toPlainDateTime(): unknown;
  toPlainDate(): unknown;
  toPlainTime(): unknown;
}

export function simTemporal(thread: SimThread): object | undefined {
  const { Temporal } = globalThis as { Temporal?: NativeTemporal };
  if (Temporal === undefined) return undefined;
  const instant = () => Temporal.Instant.fromEpochMilliseconds(Math.floor(thread.clock.wallMs()));
  const zoned = (zone: unknown = Temporal.Now.timeZoneId()) => instant().toZonedDateTimeISO(zone);
  const Now = withOwn(Temporal.Now, {
    instant,
    zonedDateTimeISO: zoned,
    plainDateTimeISO: (zone?: unknown) => zoned(zone).toPlainDateTime(),
    plainDateISO: (zone?: unknown) => zoned(zone).toPlainDate(),
    plainTimeISO: (zone?: unknown) => zoned(zone).toPlainTime(),
  });
  return withOwn(Temporal, { Now });
}

/** Of `performance`, what asks the real clock, and what can't be called on another object. */
const measuring = ['mark', 'measure', 'timerify', 'clearMarks', 'clearMeasures', 'clearResourceTimings'] as const;
const entries = ['getEntries', 'getEntriesByName', 'getEntriesByType'] as const;

export function simPerformance(thread: SimThread): object {
  const now = (): number => thread.clock.nowMs();
  const timeOrigin = thread.clock.wallMs() - thread.clock.nowMs();
  return withOwn(performance, {
    now,
    timeOrigin,
    eventLoopUtilization: () => thread.utilization,
    toJSON: () => ({ timeOrigin }),
    ...Object.fromEntries(measuring.map((name) => [name, refusal(`performance.${name}`, 'measuring')])),
    ...Object.fromEntries(entries.map((name) => [name, () => []])),
  });
}

export function simAbortSignal(thread: SimThread): unknown {
  const timeout = (delayMs: number): AbortSignal => {
    mustBeDelay(delayMs);
    const controller = new AbortController();
    const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    thread.setTimer(delayMs, () => controller.abort(reason), 'abort');
    return controller.signal;
  };
  return new Proxy(AbortSignal, {
    get: (target, name) => (name === 'timeout' ? timeout : Reflect.get(target, name)),
  });
}

/** As AbortSignal.timeout of Node has it. */
function mustBeDelay(delayMs: unknown): void {
  if (Number.isInteger(delayMs) && (delayMs as number) >= 0 && (delayMs as number) <= 2 ** 32 - 1) return;
  const error = new RangeError(
    `The value of "delay" is out of range. It must be an integer from 0 to 4294967295. Received ${String(delayMs)}`,
  );
  throw Object.assign(error, { code: 'ERR_OUT_OF_RANGE' });
}
