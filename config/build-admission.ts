// buildAdmission: what a service's `rate`, `adaptive` and `weight` come to.

import type { ProblemList } from '../document/problem.ts';
import type { ServiceSettings } from '../runtime/settings.ts';
import type { Origins } from './origins.ts';
import type { CheckedService } from './schema.ts';

type AdmissionSettings = Pick<ServiceSettings, 'rate' | 'adaptive' | 'weight'>;

export function buildAdmission({ rate, adaptive, weight }: CheckedService, problems: ProblemList): AdmissionSettings {
  const settings: AdmissionSettings = { weight: weight.value };
  if (rate !== undefined) {
    const perSecond = rate.perSecond.value;
    settings.rate = { perSecond, burst: rate.burst?.value ?? Math.max(1, Math.ceil(perSecond)) };
  }
  const { enabled, delay, tolerance, min, max } = adaptive;
  if (min !== undefined && max !== undefined && min.value > max.value) {
    problems.add(min.place, `the min of ${min.value} is above the max of ${max.value}`);
  }
  if (enabled.value) {
    settings.adaptive = {
      delayMs: delay.value,
      tolerance: tolerance.value,
      min: min?.value ?? 0,
      max: max?.value ?? 0,
    };
  }
  return settings;
}

/** For `heddle config --explain`. */
export function noteAdmission(settings: ServiceSettings, written: CheckedService, origins: Origins): void {
  origins.note(settings, 'rate', written.rate?.perSecond.place);
  origins.note(settings, 'adaptive', written.adaptive.enabled.place);
  origins.note(settings, 'weight', written.weight.place);
}
