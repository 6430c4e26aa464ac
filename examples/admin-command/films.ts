// The example's service: it notes on its thread which film was asked for.

import { HeddleError, implement } from 'heddle';
import { Films } from './contract.ts';
import { noteShown } from './shown.ts';

const years = new Map([
  ['Alien', 1979],
  ['Fantasia', 1940],
  ['Heat', 1995],
]);

export default implement(Films, {
  show({ title }) {
    const year = years.get(title);
    if (year === undefined) throw new HeddleError('NOT_FOUND', `there is no film ${JSON.stringify(title)}`);
    noteShown(title);
    return { title, year };
  },
});
