// The admin's paths for jobs (admin thread). What main has told last is answered from here; only a run needs main itself.

import { HeddleError } from '../runtime/errors.ts';
import type { AdminCommands } from './commands.ts';
import type { JobsAnswer } from './job-shapes.ts';
import type { MainAsker } from './main-asker.ts';
import type { ProcessView } from './process-view.ts';

export function addJobCommands(commands: AdminCommands, view: ProcessView, main: MainAsker): void {
  commands.add({
    path: '/jobs',
    verb: 'GET',
    summary: 'Each job: when it runs, what runs of it, how the last run ended, and counts.',
    run: (): JobsAnswer => ({ jobs: view.facts.jobs }),
  });
  commands.add({
    path: '/jobs/run',
    verb: 'POST',
    summary: 'Runs ?name=refresh-index now, unless it runs.',
    run: ({ query }) => {
      const job = query.get('name');
      if (job === null || job === '')
        throw new HeddleError('INVALID_ARGUMENT', 'say which job, as ?name=refresh-index');
      return main.ask({ do: 'job', question: { job } });
    },
  });
}
