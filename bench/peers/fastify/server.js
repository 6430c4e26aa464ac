import fastify from 'fastify';
import { serveBench } from '../../measure/served.ts';
import { burn } from '../../scenarios/mix/burn.ts';

const film = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    name: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    score: { type: 'number' },
  },
};

const app = fastify();
app.post('/echo', { schema: { response: { 200: film } } }, (request, reply) => {
  reply.send(request.body);
});
app.post('/burn', { schema: { response: { 200: film } } }, (request, reply) => {
  burn();
  reply.send(request.body);
});
await app.listen({ port: 0, host: '127.0.0.1' });
serveBench(app.server.address().port, () => app.close());
