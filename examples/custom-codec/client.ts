// node client.ts [heddle://host:port]: the same methods in CBOR. A process without heddle.yaml adds the codec itself.

import { connect, registerCodec } from 'heddle';
import { cbor } from './cbor.ts';
import { Sensors } from './contract.ts';

registerCodec(cbor);
const target = process.argv[2] ?? 'heddle://127.0.0.1:7000';
await using sensors = connect(Sensors, { target, codec: 'cbor' });
const readings = [
  { sensor: 'roof', celsius: 31.5, takenAtMs: 1_795_338_000_000 },
  { sensor: 'cellar', celsius: 11, takenAtMs: 1_795_338_000_250 },
];
console.log((await sensors.warmest({ readings })).sensor);
console.log((await sensors.describe({ sensor: 'roof' })).text);
