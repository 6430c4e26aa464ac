// A heddle process for tests of its end, as small as one can be: starts, says where it listens, ends on a signal.
// Arguments: the YAML.

import { Server } from '../../net/server/server.ts';
import { settingsOf } from './rig.ts';

const server = new Server(settingsOf(process.argv[2]!));
let stopping = false;
async function stop(): Promise<void> {
  if (stopping) process.exit(130);
  stopping = true;
  console.log('stopping');
  const finished = await server.stop();
  process.exitCode = finished ? 0 : 1;
}
process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
await server.start();
console.log(JSON.stringify(server.addresses));
