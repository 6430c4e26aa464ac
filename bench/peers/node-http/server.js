import { createServer } from 'node:http';
import { serveBench, served } from '../../measure/served.ts';
import { listener, options } from './listener.js';

// Of the scenario `connections` some are idle for minutes.
const keepAliveTimeout = served().scenario === 'connections' ? 3_600_000 : options.keepAliveTimeout;
const server = createServer({ ...options, keepAliveTimeout }, listener);
server.listen(0, '127.0.0.1', () => serveBench(server.address().port, () => server.close()));
