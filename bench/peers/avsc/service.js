import avro from 'avsc';

export const service = avro.Service.forProtocol({
  protocol: 'Films',
  types: [
    {
      type: 'record',
      name: 'Film',
      fields: [
        { name: 'id', type: 'long' },
        { name: 'name', type: 'string' },
        { name: 'tags', type: { type: 'array', items: 'string' } },
        { name: 'score', type: 'double' },
      ],
    },
  ],
  messages: { echo: { request: [{ name: 'film', type: 'Film' }], response: 'Film' } },
});
