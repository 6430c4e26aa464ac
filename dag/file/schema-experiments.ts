// Experiments in a strategy file; docs/experiments.md says what each part means.

import { choice, list, map, number, object, optional, required, section, tree } from '../../document/declare.ts';
import { experimentLimits, experimentStates } from '../experiment/definition.ts';
import { expression, percent, word } from './schema-words.ts';

const plainValue = tree('a value of JSON', 1000);
const name = {
  namePattern: '^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$',
  nameRule: 'letters, digits, ., - and _, at most 128',
  overridesCreate: true,
};

const parameterType = object({
  default: required(plainValue, 'What everybody gets who is in no experiment.', ''),
  choices: optional(list(plainValue, 256), 'any value of its type', 'The only values there are.', ''),
});

const variantType = object({
  weight: required(number(0, 100), "Percent of the experiment's units; all together 100.", ''),
  params: optional(tree('a map of parameters', 1000), 'the defaults', 'What differs from the defaults.', ''),
});

const experimentType = object({
  state: optional(choice(...experimentStates), 'running', 'draft: allowed units only; stopped: keeps the name.', ''),
  slots: optional(
    list(word('a range of slots such as 0-99999', '0-99999', '^\\d{1,6}(-\\d{1,6})?$'), experimentLimits.slotRangesMax),
    'none',
    'Slots out of 0-999999 that it holds, both ends included.',
    '',
  ),
  variants: required(
    map(variantType, { name: 'variant', example: 'control', maxEntries: experimentLimits.variantsMax, ...name }),
    'Its variants; their order and weights stay while it runs.',
    '',
  ),
  when: optional(expression, 'everybody', 'Only units for which this is true.', ''),
  sampled: optional(percent, '100%', 'Share of the units in the slots.', ''),
  allow: optional(
    tree('a map from unit to variant', 10_000),
    'nobody',
    'Unit to variant, whatever slots and conditions say.',
    '',
  ),
  deny: optional(list(plainValue, experimentLimits.listedUnitsMax), 'nobody', 'Units that never get a variant.', ''),
});

const layerType = object({
  salt: optional(word('a text', 'ranking'), "the layer's name", 'Seeds the slots.', ''),
  unit: required(expression, 'Who is diverted: `request.user`.', ''),
  params: required(
    map(parameterType, {
      name: 'parameter',
      example: 'rankModel',
      maxEntries: experimentLimits.parametersMax,
      ...name,
    }),
    'Parameters that it owns; expressions read them as `params.rankModel`.',
    '',
  ),
  experiments: section(
    map(experimentType, {
      name: 'experiment',
      example: 'new-model',
      maxEntries: experimentLimits.experimentsMax,
      ...name,
    }),
    'At most one of them applies to a unit.',
  ),
});

export const layersType = map(layerType, {
  name: 'layer',
  example: 'ranking',
  maxEntries: experimentLimits.layersMax,
  ...name,
});
