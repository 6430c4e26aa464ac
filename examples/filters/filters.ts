// The plugin: four filters, each with one thing that a filter can do. heddle.yaml says which lie around what.

import { definePlugin, HeddleError } from 'heddle';

export default definePlugin({
  name: 'filters',
  threads: ['cpu'],
  install(host) {
    const { tokens = {}, cacheMs = 1_000 } = host.options as { tokens?: Record<string, string>; cacheMs?: number };

    // Takes the time of what lies inside.
    host.filter({
      name: 'timing',
      async server({ replyMetadata }, next) {
        const startMs = performance.now();
        try {
          return await next();
        } finally {
          replyMetadata.set('took-ms', (performance.now() - startMs).toFixed(3));
        }
      },
    });

    // Refuses before the body is read, or tells the handler who asks.
    host.filter({
      name: 'auth',
      server({ metadata }, next) {
        const token = metadata.get('token') ?? '';
        if (!Object.hasOwn(tokens, token)) throw new HeddleError('UNAUTHENTICATED', 'send a token that we know');
        metadata.set('user', tokens[token]!);
        metadata.delete('token');
        return next();
      },
    });

    // Answers by itself what it has answered a moment ago, to anybody: so the user's name is put in anew.
    const answers = new Map<string, { untilMs: number; response: object }>();
    host.filter({
      name: 'cache',
      async server({ request, metadata }, next) {
        const key = JSON.stringify(request);
        const known = answers.get(key);
        if (known !== undefined && known.untilMs > performance.now()) {
          return { ...known.response, user: metadata.get('user') };
        }
        const response = (await next()) as object;
        if (answers.size >= 1_000) answers.clear();
        answers.set(key, { untilMs: performance.now() + cacheMs, response });
        return response;
      },
    });

    // Calls again what has met a conflict, which Heddle's own repetitions leave to those who know the service.
    host.filter({
      name: 'retry',
      async client(call, next) {
        for (let tries = 1; ; tries++) {
          try {
            return await next();
          } catch (reason) {
            const isConflict = reason instanceof HeddleError && reason.code === 'ABORTED';
            if (!isConflict || !call.idempotent || tries === 3) throw reason;
          }
        }
      },
    });
    return undefined;
  },
});
