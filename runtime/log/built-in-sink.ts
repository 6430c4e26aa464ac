// builtInSink: the log's destination as heddle.yaml names it. Made by the plugin that comes with Heddle
// (plugins/log-sinks.ts) and, where settings were made by hand and name no plugin, by the log thread itself.

import type { Clock } from '../clock.ts';
import type { DirectLogSinkDefinition } from '../plugins/log-sink.ts';
import type { LogSettings } from '../settings.ts';
import { RotatingFile } from './rotating-file.ts';
import { StandardSink } from './sink.ts';

export type DestinationSettings = Pick<LogSettings, 'file' | 'rotateBytes' | 'rotateEveryMs' | 'keepFiles'>;

/** Opens it. Throws the system's error. `complain` is told of rotations that fail. */
export function builtInSink(
  settings: DestinationSettings,
  clock: Clock,
  complain: (sentence: string) => void,
): DirectLogSinkDefinition {
  const { file } = settings;
  return file === undefined ? new StandardSink(1) : new RotatingFile({ path: file, settings, clock, complain });
}
