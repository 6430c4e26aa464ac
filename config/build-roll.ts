// buildRoll: `roll` of heddle.yaml as main is told.

import type { Checked } from '../document/types.ts';
import type { RollSettings } from '../runtime/settings.ts';
import type { rollType } from './schema-roll.ts';

export function buildRoll(roll: Checked<typeof rollType>): RollSettings {
  const { canary, window, windowMax, warmUp, minRequests, maxErrors, maxSlowdown, undecided } = roll;
  const { finish, finishTakenBack } = roll;
  return {
    canaryPercent: canary.value ?? 0,
    windowMs: window.value,
    windowMaxMs: Math.max(window.value, windowMax.value),
    warmUpMs: warmUp.value,
    minRequests: minRequests.value,
    maxErrorsPercent: maxErrors.value,
    maxSlowdown: maxSlowdown.value,
    undecided: undecided.value,
    finishMs: finish.value,
    finishTakenBackMs: finishTakenBack.value,
  };
}
