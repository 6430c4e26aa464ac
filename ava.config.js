// Each test file is a process of its own: the tests start worker threads and send signals themselves.
export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  workerThreads: false,
  concurrency: 2,
  timeout: '3m',
  nodeArguments: ['--disable-warning=ExperimentalWarning', '--expose-gc'],
};
