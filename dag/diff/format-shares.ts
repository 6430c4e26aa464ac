// The differences of experiments as lines for people: `experiment new-model: treatment 5% → 10% of units (50,000 slots
// gained)`.

import type { Change, ExperimentDiff, ExperimentsDiff, LayerDiff } from '../experiment/experiments-diff.ts';
import { percentText } from './data-changes.ts';
import { changeLine, shortText } from './format-change.ts';

export function formatShares({ layers, experiments, parameters }: ExperimentsDiff): string[] {
  return [
    ...layers.flatMap(formatLayer),
    ...parameters.map(({ parameter, layer, default: value }) => {
      const owner = layer.before !== layer.after && layer.before !== undefined && layer.after !== undefined;
      const moved = owner ? `, from layer ${layer.before} to ${layer.after}` : '';
      // One that is not owned in a version has no value there.
      const text = (side: 'before' | 'after') => (layer[side] === undefined ? undefined : JSON.stringify(value[side]));
      const [before, after] = [text('before'), text('after')];
      if (before === after) return `~ parameter ${parameter}${moved}`;
      return changeLine({ field: `parameter ${parameter}`, before, after }) + moved;
    }),
    ...experiments.flatMap(formatExperiment),
  ];
}

function formatLayer({ layer, salt, unit, redealt, moves }: LayerDiff): string[] {
  if (salt.before === undefined || salt.after === undefined) {
    return [`${salt.before === undefined ? '+' : '-'} layer ${layer}, by ${unit.after ?? unit.before}`];
  }
  const why = [
    ...(salt.before === salt.after ? [] : [`salt ${salt.before} → ${salt.after}`]),
    ...(unit.before === unit.after ? [] : [`unit ${unit.before} → ${unit.after}`]),
  ];
  const dealt = redealt ? [`~ layer ${layer}: ${why.join(', ')}; all units are dealt anew`] : [];
  // What comes from nobody or goes to nobody stands with its experiment.
  const handed = moves.flatMap(({ from, to, slots }) =>
    from === undefined || to === undefined ? [] : [`~ layer ${layer}: ${grouped(slots)} slots from ${from} to ${to}`],
  );
  return [...dealt, ...handed];
}

function formatExperiment(diff: ExperimentDiff): string[] {
  const { experiment, state, slots, layer, sampled, movedPoints, variants, condition, allowed, denied, values } = diff;
  const parts: string[] = [];
  if (state.before !== 'none' && state.after !== 'none' && state.before !== state.after) {
    parts.push(`${state.before} → ${state.after}`);
  }
  if (layer.before !== undefined && layer.after !== undefined) parts.push(...moved('layer', layer, String));
  const shares = variants.flatMap(({ variant, share }) => moved(variant, share, (one) => percentText(one * 100)));
  const counts = [
    ...(slots.gained > 0 ? [`${grouped(slots.gained)} slots gained`] : []),
    ...(slots.lost > 0 ? [`${grouped(slots.lost)} lost`] : []),
  ];
  const counted = counts.length > 0 ? ` (${counts.join(', ')})` : '';
  if (shares.length > 0) parts.push(`${shares.join(', ')} of units${counted}`);
  else if (counts.length > 0) parts.push(counts.join(', '));
  if (movedPoints > 0) parts.push(`${percentText(movedPoints / 10_000)} of its units change their variant`);
  const isIn = state.before !== 'none' && state.after !== 'none';
  if (isIn) parts.push(...moved('sampled', sampled, percentText));
  parts.push(...moved('when', condition, (text) => shortText(text ?? 'none')));
  parts.push(...listed('allow', allowed), ...listed('deny', denied));
  for (const { variant, parameter, change } of values) {
    parts.push(...moved(`${variant} has ${parameter}`, change, (value) => shortText(JSON.stringify(value) ?? 'none')));
  }
  const sign = state.before === 'none' ? '+' : state.after === 'none' ? '-' : '~';
  return [`${sign} experiment ${experiment}${parts.length > 0 ? `: ${parts.join('; ')}` : ''}`];
}

function moved<Value>(what: string, { before, after }: Change<Value>, text: (value: Value) => string): string[] {
  const [was, now] = [text(before), text(after)];
  return was === now ? [] : [`${what} ${was} → ${now}`];
}

function listed(list: string, { before, after, differing }: ExperimentDiff['allowed']): string[] {
  if (differing === 0) return [];
  return [`${list} ${before} → ${after} units (${differing} differing)`];
}

/** 50000 → 50,000. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
