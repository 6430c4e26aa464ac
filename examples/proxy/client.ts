// Calls demo.Shout through the proxy, and then what nobody serves, where nobody is, and where nobody may go.

import { connect, HeddleError } from 'heddle/client';
import { BytesProxy } from './contract.ts';

const [proxyTarget = 'heddle://127.0.0.1:7000', shoutTarget = 'heddle://127.0.0.1:7001'] = process.argv.slice(2);
await using proxy = connect(BytesProxy, { target: proxyTarget, timeoutMs: 2_000 });

async function send(text: string, target: string, service: string, method: string): Promise<void> {
  try {
    const answer = await proxy.forward(Buffer.from(text), { metadata: { target, service, method } });
    console.log(answer.toString());
  } catch (reason) {
    const { code, message } = HeddleError.from(reason);
    console.log(`${code}: ${message.split(': ')[0]}`);
  }
}

await send('hello', shoutTarget, 'demo.Shout', 'shout');
await send('hello', shoutTarget, 'demo.Nobody', 'shout');
await send('hello', 'heddle://127.0.0.1:1', 'demo.Shout', 'shout');
await send('hello', 'heddle://far.example:7001', 'demo.Shout', 'shout');
