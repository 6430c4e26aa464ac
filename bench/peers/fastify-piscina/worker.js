import { burn } from '../../scenarios/mix/burn.ts';

export default async (film) => film;

export function heavy(film) {
  burn();
  return film;
}
