// The listener of the acceptor's tests: any free port of loopback, without limits of its own.

import type { BindingSettings } from '../../../runtime/settings.ts';
import { quietBinding } from '../protocol/heddle/test-thread.ts';

export const binding: BindingSettings = { ...quietBinding, frameBytes: 1000, writeBufferBytes: 1000 };
