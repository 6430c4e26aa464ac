// A service for the proxy to send bytes to; in life it runs elsewhere.

import { implement } from 'heddle';
import { Shout } from './contract.ts';

export default implement(Shout, {
  shout: (body) => Buffer.from(Buffer.from(body).toString().toUpperCase()),
});
