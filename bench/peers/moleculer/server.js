import { ServiceBroker } from 'moleculer';
import { serveBench, served } from '../../measure/served.ts';

const fanout = served().scenario === 'fanout' ? await import('./fanout.js') : undefined;

const broker = new ServiceBroker({
  nodeID: 'server',
  logger: false,
  transporter: { type: 'TCP', options: { udpDiscovery: false, urls: fanout?.urls } },
  internalServices: false,
  internalMiddlewares: false,
  validator: false,
});
broker.createService({
  name: 'film',
  actions: {
    echo(ctx) {
      return ctx.params;
    },
  },
});
if (fanout !== undefined) broker.createService(fanout.front);
await broker.start();
if (fanout !== undefined) await broker.waitForServices(fanout.front.name, 30_000, 50);
serveBench(broker.registry.nodes.localNode.port, () => broker.stop());
