// The proxy, which sends bytes on, and a service for it to send them to.

import { bytes, method, service } from 'heddle';

export const BytesProxy = service('demo.Proxy', {
  /** The metadata says where to: `target` (heddle://host:port), `service`, `method`, and `codec` unless it is `bytes`. */
  forward: method(bytes()),
});

export const Shout = service('demo.Shout', { shout: method(bytes()) });
