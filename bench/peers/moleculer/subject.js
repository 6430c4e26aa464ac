// What the client asks for in each scenario.

import { checkHits, query } from '../../scenarios/fanout/task.ts';
import { checkFilm, record } from '../../scenarios/unary/record.ts';

export function subjectOf(scenario) {
  if (scenario === 'fanout') {
    return { service: 'front', action: 'front.search', params: query, check: ({ hits }) => checkHits(hits) };
  }
  return { service: 'film', action: 'film.echo', params: record, check: checkFilm };
}
