// node client.ts [heddle://host:port]: asks for the films nearest to a vector.

import { connect } from 'heddle';
import { Nearest } from './contract.ts';
import { Metric, QueryT } from './generated/demo/nearest.js';

const target = process.argv[2] ?? 'heddle://127.0.0.1:7000';
await using nearest = connect(Nearest, { target });
const answer = await nearest.find(new QueryT([0.9, 0.2, 0.9], 2, Metric.Cosine));
for (let index = 0; index < answer.hitsLength(); index++) {
  const hit = answer.hits(index)!;
  console.log(`${hit.title()} ${hit.distance().toFixed(3)}`);
}
