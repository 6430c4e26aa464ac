// The contract of the scenario `connections`: bytes in and the same bytes out.

import { bytes, method, service } from '../../../client.ts';

export const Connections = service('bench.Connections', { echo: method(bytes()) });
