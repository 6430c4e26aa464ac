// Crowd's other half: the main of a process that holds idle connections, each of which has had one answer.

import type { CrowdAnswer, CrowdQuestion } from './crowd.ts';
import { Line } from './line.ts';
import { messageOf } from './message.ts';

const lines: Line[] = [];
const lost = Promise.withResolvers<string>();
// Only heard of by who watches.
lost.promise.catch(() => {});

async function answer(question: CrowdQuestion): Promise<CrowdAnswer> {
  if (question.do === 'watch') return { lost: await lost.promise };
  const { port, speech, count, atOnce, localAddress, stay } = question;
  const message = messageOf(speech);
  const startMs = performance.now();
  let left = count;
  const openNext = async (): Promise<void> => {
    while (left-- > 0) {
      const line = new Line({ port, message, localAddress, onLost: ({ message }) => lost.resolve(message) });
      await line.call();
      if (stay) lines.push(line);
      else line.close();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, openNext));
  return { tookMs: performance.now() - startMs };
}

process.on('message', async (question: CrowdQuestion) => {
  try {
    process.send!(await answer(question));
  } catch (reason) {
    process.send!({ error: reason instanceof Error ? reason.message : `${reason}` });
  }
});
process.once('disconnect', () => {
  for (const line of lines) line.close();
  process.exit();
});
// From here on questions are heard.
process.send!({ ready: true });
