// The destinations of the log that come with Heddle: standard output, and a file that rotates. The log thread installs
// this one by itself, before any plugin is read, so that the first line has a place to go to.

import { systemClock } from '../runtime/clock.ts';
import { builtInSink, type DestinationSettings } from '../runtime/log/built-in-sink.ts';
import { definePlugin } from '../runtime/plugin.ts';

/** `options` are what heddle.yaml says of the destination: see LogSettings. */
export default definePlugin({
  name: 'heddle.log-sinks',
  threads: ['log'],
  install(host) {
    const settings = host.options as unknown as DestinationSettings;
    host.logSink(builtInSink(settings, systemClock, (sentence) => host.log.warn({}, sentence)));
    return undefined;
  },
});
