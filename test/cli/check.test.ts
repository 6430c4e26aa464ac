import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { echoConfig, heddle, root, temporaryFolder } from './heddle.ts';

const wrong = `io: { thread: 1 }
pools:
  work: { threads: 2 }
services:
  demo.Echo: { module: ./echo.ts, pool: wrk, listen: ["heddle://127.0.0.1:0"] }
`;
const mistakes = `heddle.yaml:1:7: unknown key "thread"; allowed here: threads, maxFibers, maxNested, queue, memory, timeout, stallWarning, stallLimit, cancelGrace; did you mean "threads"?
  io: { thread: 1 }
        ^^^^^^

heddle.yaml:5:41: no pool is named "wrk"; allowed here: work, io, default; did you mean "work"?
    demo.Echo: { module: ./echo.ts, pool: wrk, listen: ["heddle://127.0.0.1:0"] }
                                          ^^^
`;

function folderWith(t: ExecutionContext, config: string, module = ''): string {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'heddle.yaml'), config);
  writeFileSync(join(folder, 'echo.ts'), module);
  return folder;
}

test('check prints all mistakes at once, each with its place, a caret and the nearest spelling: exit code 1', async (t) => {
  const ended = await heddle(['check'], { cwd: folderWith(t, wrong) });
  t.deepEqual(ended, { code: 1, stdout: mistakes, stderr: '' });
});

test('start prints the same mistakes and starts nothing: exit code 1', async (t) => {
  const ended = await heddle(['start'], { cwd: folderWith(t, wrong) });
  t.deepEqual(ended, {
    code: 1,
    stdout: '',
    stderr: `${mistakes}\nheddle: the config has 2 mistakes; nothing was started\n`,
  });
});

test('check counts what a right config has: exit code 0', async (t) => {
  const ended = await heddle(['check', echoConfig]);
  t.deepEqual(ended, { code: 0, stdout: `${echoConfig}: ok (1 service, 1 pool, 2 listeners)\n`, stderr: '' });
});

test('a missing file, a wrong --set and a wrong variable are mistakes like any other', async (t) => {
  t.regex((await heddle(['check', 'no.yaml'])).stdout, /^no\.yaml: no such file: looked at .+no\.yaml\n$/);
  const set = await heddle(['check', echoConfig, '--set', 'io.thread=1', '--set', 'stop.timeout=soon']);
  t.is(set.code, 1);
  t.regex(set.stdout, /^--set #1: .*did you mean "threads"\?\n[\s\S]*\n--set #2: /);
  const variable = await heddle(['check', echoConfig], { env: { HEDDLE_IO__THREADS: 'many' } });
  t.is(variable.code, 1);
  t.regex(variable.stdout, /environment: /);
});

test('modules are loaded only when --modules asks for it', async (t) => {
  const config = 'services: { demo.Echo: { module: ./echo.ts } }\n';
  const cwd = folderWith(t, config, "console.log('loaded');\nexport {};\n");
  t.is((await heddle(['check'], { cwd })).stdout, 'heddle.yaml: ok (1 service, 1 pool, 0 listeners)\n');
  const { code, stdout } = await heddle(['check', '--modules'], { cwd });
  t.is(code, 1);
  t.true(stdout.includes(`${join(cwd, 'echo.ts')}: it has no default export`), stdout);
});

test('check --modules counts the methods', async (t) => {
  const { code, stdout } = await heddle(['check', '--modules', echoConfig]);
  t.is(code, 0);
  t.is(stdout, `${echoConfig}: ok (1 service with 4 methods, 1 pool, 2 listeners)\n`);
});

test('check --modules finds an example that its method would not take', async (t) => {
  const index = JSON.stringify(join(root, 'index.ts'));
  const module = `
    import { avro, implement, method, service } from ${index};
    const text = { type: 'record', name: 'Text', fields: [{ name: 'text', type: 'string' }] };
    const Echo = service('demo.Echo', { echo: method(avro(text, text), { example: { text: 7 } }) });
    export default implement(Echo, { echo: (request) => request });
  `;
  const cwd = folderWith(t, 'services: { demo.Echo: { module: ./echo.ts } }\n', module);
  const { code, stdout } = await heddle(['check', '--modules'], { cwd });
  t.is(code, 1);
  t.regex(stdout, /echo\.ts: the example of demo\.Echo\/echo: text: /);
});

test('a module that ends its thread is a mistake', async (t) => {
  const cwd = folderWith(t, 'services: { demo.Echo: { module: ./echo.ts } }\n', 'process.exit(3);\n');
  const { code, stdout } = await heddle(['check', '--modules'], { cwd });
  t.is(code, 1);
  t.is(stdout, `${join(cwd, 'echo.ts')}: it ended its thread while it was loaded (exit code 3)\n`);
});

test('every module that hangs, ends its thread or does not load is named, and nothing else is said', async (t) => {
  const cwd = temporaryFolder(t);
  const modules = {
    hangs: 'await new Promise(() => {});\n',
    ends: 'process.exit(3);\n',
    lacks: 'export {};\n',
  };
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(cwd, `${name}.ts`), text);
  const services = Object.keys(modules).map((name) => `a.${name}: { module: ./${name}.ts }`);
  writeFileSync(join(cwd, 'heddle.yaml'), `services: { ${services.join(', ')} }\n`);
  const { code, stdout, stderr } = await heddle(['check', '--modules'], { cwd });
  t.is(code, 1);
  t.is(stderr, '');
  const lines = stdout.trimEnd().split('\n');
  t.is(lines.length, 3);
  t.true(lines[0]!.startsWith(`${join(cwd, 'hangs.ts')}: it never ends loading; does it wait`), stdout);
  t.true(lines[1]!.startsWith(`${join(cwd, 'ends.ts')}: it ended its thread`), stdout);
  t.true(lines[2]!.startsWith(`${join(cwd, 'lacks.ts')}: it has no default export`), stdout);
});
