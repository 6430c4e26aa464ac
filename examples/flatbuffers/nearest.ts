// The service: reads a query where it came in, and answers with an object that is packed once.

import { HeddleError, implement } from 'heddle';
import { Nearest } from './contract.ts';
import { AnswerT, HitT, Metric } from './generated/demo/nearest.js';

const films = [
  { id: 1n, title: 'Alien', vector: Float32Array.of(0.9, 0.1, 0.8) },
  { id: 2n, title: 'Amélie', vector: Float32Array.of(0.1, 0.9, 0.1) },
  { id: 3n, title: 'Blade Runner', vector: Float32Array.of(0.8, 0.3, 0.7) },
  { id: 4n, title: 'Paddington', vector: Float32Array.of(0.0, 1.0, 0.2) },
];

export default implement(Nearest, {
  find(query) {
    // No number is copied: this is a view of the bytes that came.
    const vector = query.vectorArray();
    if (vector?.length !== 3) throw new HeddleError('INVALID_ARGUMENT', 'a film is a vector of 3 numbers');
    const distance = query.metric() === Metric.Cosine ? cosineDistance : euclideanDistance;
    const hits = films.map((film) => new HitT(film.id, film.title, distance(vector, film.vector)));
    hits.sort((one, other) => one.distance - other.distance);
    return new AnswerT(hits.slice(0, query.limit()));
  },
});

function cosineDistance(one: Float32Array, other: Float32Array): number {
  return 1 - dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
}

function euclideanDistance(one: Float32Array, other: Float32Array): number {
  return Math.hypot(...one.map((value, index) => value - other[index]!));
}

function dot(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, index) => sum + value * other[index]!, 0);
}
