// A client proxy has one connection, so there is a proxy for each. What one turn of the event loop asks for leaves in one write.

import 'reflect-metadata';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { corkForTurn } from '../../measure/cork.ts';
import { checkFilm, record } from '../../scenarios/unary/record.ts';

export async function connect({ port, connections }) {
  const proxies = Array.from({ length: connections }, () =>
    ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } }),
  );
  await Promise.all(proxies.map((proxy) => proxy.connect()));
  let next = 0;
  return {
    call: async () => {
      const proxy = proxies[next++ % proxies.length];
      corkForTurn(proxy.unwrap());
      checkFilm(await firstValueFrom(proxy.send({ cmd: 'echo' }, record)));
    },
    close: () => Promise.all(proxies.map((proxy) => proxy.close())),
  };
}
