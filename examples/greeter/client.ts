// A caller of the README's first service, in a process of its own.

import { connect } from 'heddle';
import { Greeter } from './contract.ts';

await using greeter = connect(Greeter, { target: process.argv[2] ?? 'heddle://127.0.0.1:7000' });
console.log(await greeter.greet({ name: 'Ada' }, { timeoutMs: 1_000 }));
