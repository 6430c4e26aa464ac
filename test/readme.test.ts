// README's commands and code, as a newcomer would use them: the blocks are the files of examples/greeter/, and the
// commands run, on free ports.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The fenced blocks of README. */
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
  language,
  code: code!,
}));

function blockThatBegins(first: string): string {
  const found = blocks.find(({ code }) => code.startsWith(first));
  if (found === undefined) throw new Error(`README has no block that begins with ${first}`);
  return found.code;
}

interface Run {
  child: ChildProcess;
  /** Everything it printed so far. */
  output: () => string;
  /** Resolves with the first match in what it prints. */
  seen: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** Runs a command in the repo, as a group of its own; what is left of the group is killed when the test ends. */
function run(t: ExecutionContext, command: string, args: string[]): Run {
  const child = spawn(command, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Many run at once: none may get the default port of the admin.
    env: { ...process.env, HEDDLE_ADMIN__ADDRESS: 'http://127.0.0.1:0' },
  });
  t.teardown(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // Nothing is left of it.
    }
  });
  let output = '';
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const look of looks) look();
    });
  }
  const seen = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(output);
        if (found !== null) resolve(found);
      };
      looks.add(look);
      child.once('close', () => reject(new Error(`it ended without ${pattern}:\n${output}`)));
      look();
    });
  return { child, output: () => output, seen };
}

/** `--set` for each service of a config: the same two listeners, on free ports. */
function freePorts(services: string[]): string[] {
  return services.flatMap((service) => [
    '--set',
    `services["${service}"].listen=["heddle://127.0.0.1:0", "http://127.0.0.1:0"]`,
  ]);
}

async function endsClean(t: ExecutionContext, { child, output }: Run): Promise<void> {
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  t.is(code, 0, output());
}

for (const [file, first] of [
  ['contract.ts', '// contract.ts'],
  ['greeter.ts', '// greeter.ts'],
] as const) {
  test(`the block of ${file} is the example's file`, (t) => {
    const code = readFileSync(new URL(`../examples/greeter/${file}`, import.meta.url), 'utf8');
    t.is(blockThatBegins(first).replace(/^\/\/.*\n/, ''), code.replace(/^\/\/.*\n\n/, ''));
  });
}

test("the block of heddle.yaml is the example's file", (t) => {
  t.is(
    blockThatBegins('# heddle.yaml'),
    readFileSync(new URL('../examples/greeter/heddle.yaml', import.meta.url), 'utf8'),
  );
});

test('the greeter starts, answers a caller in a process of its own and curl, and stops with 0', async (t) => {
  const args = ['bin/heddle.js', 'start', 'examples/greeter/heddle.yaml', ...freePorts(['demo.Greeter'])];
  const server = run(t, process.execPath, args);
  const [, heddle] = await server.seen(/(heddle:\/\/127\.0\.0\.1:[1-9]\d*)/);
  const [, http] = await server.seen(/(http:\/\/127\.0\.0\.1:[1-9]\d*)/);
  const client = run(t, process.execPath, ['examples/greeter/client.ts', heddle!]);
  await once(client.child, 'close');
  t.is(client.output(), "{ text: 'Hello, Ada!' }\n");
  const answer = await fetch(`${http}/demo.Greeter/greet?name=Ada`);
  t.is(await answer.text(), '{"text":"Hello, Ada!"}');
  await endsClean(t, server);
});

test('heddle check finds nothing wrong with the examples', async (t) => {
  for (const example of ['greeter', 'movies', 'strategies']) {
    const check = run(t, process.execPath, ['bin/heddle.js', 'check', `examples/${example}/heddle.yaml`]);
    const [code] = await once(check.child, 'close');
    t.is(code, 0, check.output());
  }
});

test("npm start serves the film search; README's commands find films", async (t) => {
  const services = ['movies.Search', 'movies.Rank', 'movies.Recall', 'movies.Catalog', 'movies.Viewers'];
  const server = run(t, 'npm', ['start', '--', ...freePorts(services)]);
  const [, port] = await server.seen(/heddle:\/\/127\.0\.0\.1:([1-9]\d*)/);
  const [, httpPort] = await server.seen(/http:\/\/127\.0\.0\.1:([1-9]\d*)/);
  const [, pid] = await server.seen(/pid (\d+)/);
  const commands = blockThatBegins("$ curl 'http://127.0.0.1:7080")
    .trim()
    .split('\n')
    .map((line) => line.replace('$ ', '').replace(':7080', `:${httpPort}`).replace(':7000', `:${port}`));
  const curl = /'(http[^']+)'/.exec(commands[0]!)!;
  t.regex(await (await fetch(curl[1]!)).text(), /"title":"Alien"/);
  const call = run(t, 'sh', ['-c', commands[1]!]);
  await once(call.child, 'close');
  t.regex(call.output(), /"title": "/);
  process.kill(Number(pid), 'SIGINT');
  await once(server.child, 'close');
  t.regex(server.output(), /stopped\n/);
});
