// Five nodes, each with a service.

import { ServiceBroker } from 'moleculer';
import { serveBackends } from '../../measure/backends.ts';
import { backendCount, backendMs, hitsOf } from '../../scenarios/fanout/task.ts';

const brokers = Array.from({ length: backendCount }, (_, at) => {
  const broker = new ServiceBroker({
    nodeID: `backend-${at}`,
    logger: false,
    transporter: { type: 'TCP', options: { udpDiscovery: false } },
    internalServices: false,
    internalMiddlewares: false,
    validator: false,
    skipProcessEventRegistration: true,
  });
  broker.createService({
    name: `backend${at}`,
    actions: { search: () => new Promise((resolve) => setTimeout(resolve, backendMs, { hits: hitsOf(at) })) },
  });
  return broker;
});
await Promise.all(brokers.map((broker) => broker.start()));
serveBackends(brokers.map((broker) => broker.registry.nodes.localNode.port));
