// demo.Exchange: each price is a cent above the one before, and every other request meets a trade and has to be made again.

import { HeddleError, implement } from 'heddle';
import { Exchange } from './contract.ts';

let requests = 0;

export default implement(Exchange, {
  last() {
    requests++;
    if (requests % 2 === 1) throw new HeddleError('ABORTED', 'a trade came in between; ask again');
    return 100 + requests / 200;
  },
});
