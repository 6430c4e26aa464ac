import { connectAs } from '../../scenarios/connections/client.ts';
import { connect as connectHttp } from '../../scenarios/http/client.ts';

export const connect = (options) =>
  options.scenario === 'connections' ? connectAs('http', options) : connectHttp(options);
