// A node has one connection to another, so there is a node for each connection.

import { ServiceBroker } from 'moleculer';
import { subjectOf } from './subject.js';

let nodes = 0;

export async function connect({ scenario, port, connections }) {
  const { service, action, params, check } = subjectOf(scenario);
  const brokers = await Promise.all(Array.from({ length: connections }, () => open(port, service)));
  let next = 0;
  return {
    call: async () => check(await brokers[next++ % brokers.length].call(action, params)),
    close: () => Promise.all(brokers.map((broker) => broker.stop())),
  };
}

async function open(port, service) {
  const broker = new ServiceBroker({
    nodeID: `client-${process.pid}-${++nodes}`,
    logger: false,
    transporter: { type: 'TCP', options: { udpDiscovery: false, urls: [`tcp://127.0.0.1:${port}/server`] } },
    internalServices: false,
    internalMiddlewares: false,
    validator: false,
    skipProcessEventRegistration: true,
  });
  await broker.start();
  await broker.waitForServices(service, 30_000, 50);
  return broker;
}
