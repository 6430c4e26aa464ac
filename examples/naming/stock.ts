// The stock: start it as often as you like.

import { threadId } from 'node:worker_threads';
import { implement } from 'heddle';
import { Stock } from './contract.ts';

export default implement(Stock, {
  count: ({ item }) => ({ count: item.length, from: `${process.pid}/${threadId}` }),
});
