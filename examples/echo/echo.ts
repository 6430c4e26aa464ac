// Answers with what it was asked.

import { implement } from 'heddle';
import { Echo } from './contract.ts';

export default implement(Echo, {
  echo: (message) => message,
  raw: (body) => body,
});
