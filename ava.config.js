import { fileURLToPath } from 'node:url';

// The longest first, so that no core stands idle beside one of them at the end; those that burn cores among them apart.
const longest = [
  'faults/deaths/cpu-storm',
  'cli/package',
  'runtime/shared/interleavings',
  'soak/soak',
  'cli/guardian',
  'faults/deaths/io-storm',
  'faults/hostile',
].map((name) => fileURLToPath(new URL(`test/${name}.test.ts`, import.meta.url)));

const rank = (file) => (longest.includes(file) ? longest.indexOf(file) : longest.length);

// Each test file is a process of its own: the tests start worker threads and send signals themselves.
export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  workerThreads: false,
  // One more than the cores of the smallest machine: many tests wait most of their time.
  concurrency: 3,
  sortTestFiles: (one, other) => rank(one) - rank(other) || one.localeCompare(other),
  timeout: '3m',
  // Thousands of threads are born here: nothing is compiled twice. It spoils coverage.
  environmentVariables:
    process.env.NODE_V8_COVERAGE === undefined
      ? { NODE_COMPILE_CACHE: fileURLToPath(new URL('.cache/compile', import.meta.url)) }
      : {},
  nodeArguments: ['--disable-warning=ExperimentalWarning', '--expose-gc'],
};
