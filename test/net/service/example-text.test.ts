import test from 'ava';
import { z } from 'zod';
import { avro } from '../../../net/codec/avro-codec.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { exampleText } from '../../../net/service/example-text.ts';

const search = {
  type: 'record',
  name: 'Search',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'limit', type: 'int', default: 10 },
  ],
} as const;

test('an example is shown as JSON of its contract', (t) => {
  const Demo = service('demo.Demo', {
    ofAvro: method(avro(search, search), { example: { text: 'alien', limit: 3 } }),
    ofZod: method(json(z.object({ text: z.string().max(5) })), { example: { text: 'alien' } }),
    ofBytes: method(bytes(), { example: Buffer.from('alien') }),
    none: method(avro(search, search)),
  });
  t.is(exampleText(Demo.ofAvro), '{"text":"alien","limit":3}');
  t.is(exampleText(Demo.ofZod), '{"text":"alien"}');
  t.is(exampleText(Demo.ofBytes), undefined);
  t.is(exampleText(Demo.none), undefined);
});

test('an example that the method would not take is refused with its path', (t) => {
  const Demo = service('demo.Demo', {
    ofZod: method(json(z.object({ text: z.string().max(5) })), { example: { text: 'aliens' } }),
  });
  t.throws(() => exampleText(Demo.ofZod), {
    code: 'INVALID_ARGUMENT',
    message: /^the example of demo\.Demo\/ofZod: text: /,
  });
});
