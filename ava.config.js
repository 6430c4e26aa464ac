import { fileURLToPath } from 'node:url';

// Each test file is a process of its own: the tests start worker threads and send signals themselves.
export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  workerThreads: false,
  concurrency: 2,
  timeout: '3m',
  // Thousands of threads are born here: nothing is compiled twice. It spoils coverage.
  environmentVariables:
    process.env.NODE_V8_COVERAGE === undefined
      ? { NODE_COMPILE_CACHE: fileURLToPath(new URL('.cache/compile', import.meta.url)) }
      : {},
  nodeArguments: ['--disable-warning=ExperimentalWarning', '--expose-gc'],
};
