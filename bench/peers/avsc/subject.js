// What is served and asked for in each scenario.

import { bodyOf, checkBody } from '../../scenarios/large/body.ts';
import { checkFilm, record } from '../../scenarios/unary/record.ts';
import { blobs } from './blobs.js';
import { service } from './service.js';

export function subjectOf({ scenario, params: { bytes = 0 } }) {
  if (scenario !== 'large') return { service, request: record, check: checkFilm };
  const request = bodyOf(bytes);
  return { service: blobs, request, check: (answer) => checkBody(answer, request) };
}
