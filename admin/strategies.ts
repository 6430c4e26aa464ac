// The admin's paths for strategies (admin thread). Main keeps them, so each asks main: with a bound, and with what main hangs
// in when it does not answer.

import { HeddleError } from '../runtime/errors.ts';
import type { StrategyQuestion } from '../runtime/strategies.ts';
import { type AdminAsk, type AdminCommands, AdminReply } from './commands.ts';
import type { MainAsker } from './main-asker.ts';

/** Reading all files and modules on a new thread, and every thread's loading them, ms. */
const publishMs = 90_000;
/** Busy threads are waited for when a level is set, ms. */
const levelMs = 2_500;
/** Drawing one picture, ms. */
const drawMs = 11_000;

const contentTypes = { svg: 'image/svg+xml', mermaid: 'text/plain; charset=utf-8', text: 'text/plain; charset=utf-8' };
type Form = keyof typeof contentTypes;

export function addStrategyCommands(commands: AdminCommands, main: MainAsker): void {
  const ask = (question: StrategyQuestion, takesMs = 0): Promise<unknown> =>
    main.ask({ do: 'strategies', question }, takesMs);
  const get = (path: string, summary: string, run: (ask: AdminAsk) => unknown): void =>
    commands.add({ path, verb: 'GET', summary, run });
  const post = (path: string, summary: string, run: (ask: AdminAsk) => unknown): void =>
    commands.add({ path, verb: 'POST', summary, run });

  get(
    '/strategies',
    'Each strategy: runs, degradation, and its nodes with latencies and shares of the critical path.',
    () => ask({ ask: 'list' }),
  );
  get(
    '/strategies/picture',
    'The graph of ?strategy=feed.recommend with its figures, as ?form=svg, mermaid or text.',
    async ({ query }) => {
      const form = formOf(query.get('form') ?? 'svg');
      const picture = await ask({ ask: 'picture', strategy: strategyOf(query), form }, drawMs);
      return new AdminReply(picture as string, { contentType: contentTypes[form] });
    },
  );
  get(
    '/strategies/traces',
    'Runs of ?strategy=feed.recommend that were asked for, failed, degraded or sampled.',
    ({ query }) => ask({ ask: 'traces', strategy: strategyOf(query) }),
  );
  get('/strategies/history', 'The versions that were published, and which is in use.', () => ask({ ask: 'history' }));
  get('/strategies/definitions', 'The strategies in use as plain data, and the files and modules they came from.', () =>
    ask({ ask: 'definitions' }),
  );
  post('/strategies/publish', 'Reads all strategies again and uses them, if nothing is wrong with any.', () =>
    ask({ ask: 'publish' }, publishMs),
  );
  post('/strategies/rollback', 'Goes back to the version before, or to {"version":3}.', ({ body }) =>
    ask({ ask: 'rollback', version: versionOf(body) }, publishMs),
  );
  post(
    '/strategies/level',
    'Sets the least level of a strategy: {"strategy":"feed.recommend","level":1}; null takes it back.',
    ({ body }) => ask(levelOf(body), levelMs),
  );
}

function strategyOf(query: URLSearchParams): string {
  const name = query.get('strategy');
  if (name !== null && name !== '') return name;
  throw new HeddleError('INVALID_ARGUMENT', 'say which strategy, as ?strategy=feed.recommend');
}

function formOf(word: string): Form {
  if (Object.hasOwn(contentTypes, word)) return word as Form;
  throw new HeddleError('INVALID_ARGUMENT', `form must be svg, mermaid or text, not ${JSON.stringify(word)}`);
}

function versionOf(body: unknown): number | undefined {
  const { version } = mapOf(body, ['version']);
  if (version === undefined || (typeof version === 'number' && Number.isInteger(version))) return version;
  throw new HeddleError('INVALID_ARGUMENT', '"version" must be a whole number, as {"version":3}');
}

function levelOf(body: unknown): StrategyQuestion {
  const { strategy, level } = mapOf(body, ['strategy', 'level']);
  if (typeof strategy !== 'string' || (typeof level !== 'number' && level !== null)) {
    const message = 'say which strategy and which level, as {"strategy":"feed.recommend","level":1}, or null for none';
    throw new HeddleError('INVALID_ARGUMENT', message);
  }
  return { ask: 'level', strategy, level: level ?? undefined };
}

function mapOf(body: unknown, keys: readonly string[]): Record<string, unknown> {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HeddleError('INVALID_ARGUMENT', 'the body must be a JSON object');
  }
  const unknown = Object.keys(body).find((key) => !keys.includes(key));
  if (unknown === undefined) return body as Record<string, unknown>;
  throw new HeddleError('INVALID_ARGUMENT', `unknown field ${JSON.stringify(unknown)}; there are ${keys.join(', ')}`);
}
