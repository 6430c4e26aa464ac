import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { serveBench } from '../../measure/served.ts';
import { FilmsImp } from './Film.js';

const { server: Tars } = createRequire(import.meta.url)('@tars/rpc');

FilmsImp.prototype.echo = (current, film) => current.sendResponse(film);

const port = await freePort();
const server = Tars.createServer(FilmsImp);
server.start({
  name: 'bench.Films.FilmsObjAdapter',
  servant: 'bench.Films.FilmsObj',
  endpoint: `tcp -h 127.0.0.1 -p ${port} -t 60000`,
  protocol: 'tars',
  maxconns: 200_000,
});
serveBench(port, () => server.stop());

/** It wants to be told its port. */
async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
