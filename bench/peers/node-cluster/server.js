import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { answerUsage, serveBench } from '../../measure/served.ts';
import { listener, options } from '../node-http/listener.js';

const workers = 2;

if (cluster.isPrimary) {
  let listening = 0;
  cluster.on('listening', (_, { port }) => {
    listening++;
    const stop = () => new Promise((resolve) => cluster.disconnect(resolve));
    if (listening === workers) serveBench(port, stop, () => Object.values(cluster.workers));
  });
  // With half of the processes gone the figures would be wrong.
  cluster.on('exit', (worker) => {
    if (!worker.exitedAfterDisconnect) throw new Error(`worker ${worker.id} has ended`);
  });
  for (let worker = 0; worker < workers; worker++) cluster.fork();
} else {
  answerUsage();
  createServer(options, listener).listen(0, '127.0.0.1');
}
