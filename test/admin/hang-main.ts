// A heddle process whose main thread can be made to hang, for hangs.test.ts. Arguments: the YAML.

import { Server } from '../../net/server/server.ts';
import { settingsOf } from '../faults/rig.ts';

const server = new Server(settingsOf(process.argv[2]!));
await server.start();
process.send!({ admin: server.admin!.address, addresses: server.addresses });
process.on('message', (ms: number) => mainHangsHere(ms));

function mainHangsHere(ms: number): void {
  process.send!('hangs');
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}
