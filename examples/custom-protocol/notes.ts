// Keeps the last hundred notes of its thread.

import { implement } from 'heddle';
import { Notes } from './contract.ts';

const notes: string[] = [];

export default implement(Notes, {
  add({ text }) {
    if (notes.length === 100) notes.shift();
    notes.push(text);
    return { count: notes.length };
  },

  list: () => ({ notes }),
});
