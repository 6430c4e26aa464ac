// The contract: both bodies of its method are FlatBuffers, by the classes of generated/.

import { flatbuffers, method, service } from 'heddle';
import { Answer, Query } from './generated/demo/nearest.js';

export const Nearest = service('demo.Nearest', {
  find: method(flatbuffers(Query, Answer), { reads: true }),
});
