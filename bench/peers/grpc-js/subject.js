// What the client asks for in each scenario.

import { checkHits, query } from '../../scenarios/fanout/task.ts';
import { bodyOf, checkBody } from '../../scenarios/large/body.ts';
import { checkFilm, record } from '../../scenarios/unary/record.ts';
import { Blobs, Films, Search } from './films.js';

export function subjectOf(scenario, { bytes }) {
  if (scenario === 'fanout') {
    return { Service: Search, method: 'Find', request: query, check: ({ hits }) => checkHits(hits) };
  }
  if (scenario === 'large') {
    const request = { body: bodyOf(bytes) };
    return { Service: Blobs, method: 'Echo', request, check: ({ body }) => checkBody(body, request.body) };
  }
  return { Service: Films, method: 'Echo', request: record, check: checkFilm };
}
