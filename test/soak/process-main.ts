// One of the soak's processes: `process-main.ts service|backend CONTROL-PORT CONFIG-FILE SEED`. The service runs under the
// guardian of `heddle start`, started again as often as it dies; the backend alone. When the server is up it says hello on
// the control channel and does what it is asked there.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { takeGuardianMark } from '../../cli/guarded.ts';
import { canGuard, guard } from '../../cli/guardian.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Role } from './control.ts';

const [role, controlPort, configFile, seed] = process.argv.slice(2) as [Role, string, string, string];
const guarded = takeGuardianMark();
if (role === 'service' && guarded === undefined && canGuard()) process.exit(Number(await guard(systemClock)));

const { serve } = await import('./process-server.ts');
const control = connect({ port: Number(controlPort), host: '127.0.0.1' });
// The runner has gone: nobody needs any of this.
control.on('close', () => {
  if (guarded !== undefined) process.kill(guarded.guardianPid, 'SIGKILL');
  process.exit(1);
});
control.on('error', () => {});
guarded?.onLost(() => process.exit(1));
await serve({ role, control, yaml: readFileSync(configFile, 'utf8'), seed: Number(seed), guarded });
