// openProtocol (IO thread): a protocol of one listener, made by whoever added it, and checked: a plugin's mistake fails the
// start, not the first connection.

import { HeddleError } from '../../runtime/errors.ts';
import type { Protocol, ProtocolDefinition, ProtocolHost } from '../../runtime/plugins/protocol.ts';

/** Throws FAILED_PRECONDITION naming the protocol. */
export async function openProtocol(definition: ProtocolDefinition, host: ProtocolHost): Promise<Protocol> {
  const protocol: Partial<Protocol> | undefined = await definition.open(host);
  if (typeof protocol?.accept === 'function' && typeof protocol.close === 'function') return protocol as Protocol;
  throw new HeddleError(
    'FAILED_PRECONDITION',
    `open(host) of protocol ${definition.name} must return { accept(socket, binding, onClose), close() }`,
  );
}
