// The listener of the acceptor's tests: any free port of loopback, without limits of its own.

import type { BindingSettings } from '../../../runtime/settings.ts';

export const binding: BindingSettings = {
  protocol: 'heddle',
  host: '127.0.0.1',
  port: 0,
  maxConnections: 0,
  frameBytes: 1000,
  writeBufferBytes: 1000,
  timeoutMs: 0,
  connectTimeoutMs: 0,
  readTimeoutMs: 0,
  writeTimeoutMs: 0,
  idleTimeoutMs: 0,
  traffic: { mirror: [] },
};
