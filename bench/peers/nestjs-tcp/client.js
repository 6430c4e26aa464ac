// A client proxy has one connection, so there is a proxy for each.

import 'reflect-metadata';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { checkFilm, record } from '../../scenarios/unary/record.ts';

export async function connect({ port, connections }) {
  const proxies = Array.from({ length: connections }, () =>
    ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } }),
  );
  await Promise.all(proxies.map((proxy) => proxy.connect()));
  let next = 0;
  return {
    call: async () => checkFilm(await firstValueFrom(proxies[next++ % proxies.length].send('echo', record))),
    close: () => Promise.all(proxies.map((proxy) => proxy.close())),
  };
}
