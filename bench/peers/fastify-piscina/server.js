import fastify from 'fastify';
import { Piscina } from 'piscina';
import { serveBench, served } from '../../measure/served.ts';

const film = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    name: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    score: { type: 'number' },
  },
};

const pool = new Piscina({
  filename: import.meta.resolve('./worker.js'),
  minThreads: 1,
  maxThreads: 1,
  concurrentTasksPerWorker: 64,
});
// What is trivial stays on the event loop where only the heavy route is to be kept off it.
const echo = served().scenario === 'mix' ? (film) => film : (film) => pool.run(film);
const app = fastify();
app.post('/echo', { schema: { response: { 200: film } } }, async (request) => echo(request.body));
app.post('/burn', { schema: { response: { 200: film } } }, async (request) =>
  pool.run(request.body, { name: 'heavy' }),
);
await app.listen({ port: 0, host: '127.0.0.1' });
serveBench(app.server.address().port, async () => {
  await app.close();
  await pool.destroy();
});
