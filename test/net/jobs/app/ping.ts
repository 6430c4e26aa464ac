// A service beside the jobs: a process needs one.

import { z } from 'zod';
import { json } from '../../../../net/codec/json-codec.ts';
import { method, service } from '../../../../net/service/contract.ts';
import { implement } from '../../../../net/service/implement.ts';

const Ping = service('demo.Ping', { ping: method(json(z.object({}), z.object({}))) });

export default implement(Ping, { ping: () => ({}) });
