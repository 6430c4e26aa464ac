// Experiments in a strategy file; docs/experiments.md says what each part means.

import { choice, list, map, number, object, optional, required, section, tree } from '../../document/declare.ts';
import type { Checked } from '../../document/types.ts';
import { experimentLimits, experimentStates } from '../experiment/definition.ts';
import { expression, percent, word } from './schema-words.ts';

const plainValue = tree('a value of JSON', 1000);
const name = {
  namePattern: '^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$',
  nameRule: 'letters, digits, ., - and _, at most 128',
  overridesCreate: true,
};

const parameterType = object({
  default: required(
    plainValue,
    'What everybody gets who is in no experiment.',
    'Its type is the type of the parameter.',
  ),
  choices: optional(
    list(plainValue, 256),
    'any value of its type',
    'The only values there are.',
    'A slip in a variant is found before anybody gets it.',
  ),
});

const variantType = object({
  weight: required(
    number(0, 100),
    "Percent of the experiment's units; all together 100.",
    'A share of units, whatever slots the experiment holds.',
  ),
  params: optional(
    tree('a map of parameters', 1000),
    'the defaults',
    'What differs from the defaults.',
    'A control differs in nothing.',
  ),
});

const experimentType = object({
  state: optional(
    choice(...experimentStates),
    'running',
    'draft: allowed units only; stopped: keeps the name.',
    'A name that comes back would deal units as before.',
  ),
  slots: optional(
    list(
      word('a range of slots from 0 to 999999, such as 0-99999', '0-99999', '^\\d{1,6}(-\\d{1,6})?$'),
      experimentLimits.slotRangesMax,
    ),
    'none',
    'Slots out of 0-999999 that it holds, both ends included.',
    'Experiments of one layer exclude each other by them.',
  ),
  variants: required(
    map(variantType, { name: 'variant', example: 'control', maxEntries: experimentLimits.variantsMax, ...name }),
    'Its variants; their order and weights stay while it runs.',
    'Otherwise units would change from one to another.',
  ),
  when: optional(
    expression,
    'everybody',
    'Only units for which this is true.',
    'It reads the request only, since it is settled before any node runs.',
  ),
  sampled: optional(percent, '100%', 'Share of the units in the slots.', 'Slots stay reserved while the share grows.'),
  allow: optional(
    tree('a map from unit to variant', 10_000),
    'nobody',
    'Unit to variant, whatever slots and conditions say.',
    'Testers see what they test.',
  ),
  deny: optional(
    list(plainValue, experimentLimits.listedUnitsMax),
    'nobody',
    'Units that never get a variant.',
    'Some customers must see no experiments.',
  ),
});

const layerType = object({
  salt: optional(
    word('a text', 'ranking'),
    "the layer's name",
    'Seeds the slots.',
    'It lets a layer be renamed while nobody changes slots.',
  ),
  unit: required(expression, 'Who is diverted: `request.user`.', 'The same unit gets the same variant.'),
  params: required(
    map(parameterType, {
      name: 'parameter',
      example: 'rankModel',
      maxEntries: experimentLimits.parametersMax,
      ...name,
    }),
    'Parameters that it owns; expressions read them as `params.rankModel`.',
    'Each has one owner, so that layers stay independent.',
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

export type CheckedLayers = Checked<typeof layersType>;
export type CheckedLayer = Checked<typeof layerType>;
export type CheckedExperiment = Checked<typeof experimentType>;
