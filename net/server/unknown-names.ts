// withoutUnknownNames (main thread, at a reload): plugins begin with the process. So a filter or a compressor that comes with
// a plugin that the same edit adds can't be used before the restart, and neither can what names it: a roll with it would
// fail for a file that is right.

import type { ClientSettings, Settings } from '../../runtime/settings.ts';

export interface KnownNames {
  /** The next settings, with what names something new as it is in the running ones. */
  next: Settings;
  /** Paths of what waits for the restart. */
  waits: string[];
}

/** Without a plugin that is new, nothing waits: a name that nobody adds is a mistake, and the roll says so. */
export function withoutUnknownNames(running: Settings, next: Settings): KnownNames {
  const waits: string[] = [];
  const plugins = new Set(running.plugins.map(({ moduleUrl }) => moduleUrl));
  if (next.plugins.every(({ moduleUrl }) => plugins.has(moduleUrl))) return { next, waits };
  const filters = new Set([running, ...running.services, ...running.clients].flatMap((one) => one.filters));
  const compressors = new Set(running.clients.map(({ compression }) => compression));
  const known = <Part extends { filters: string[] }>(path: string, before: Part, after: Part): Part => {
    if (after.filters.every((name) => filters.has(name))) return after;
    waits.push(`${path}filters`);
    return { ...after, filters: before.filters };
  };
  const services = next.services.map((after) => {
    const before = running.services.find(({ name }) => name === after.name);
    return before === undefined ? after : known(`services.${after.name}.`, before, after);
  });
  const clients = next.clients.map((after) => {
    const before = running.clients.find(({ name }) => name === after.name);
    if (before === undefined) return after;
    const { compression, compressAboveBytes, ...rest } = known(`clients.${after.name}.`, before, after);
    if (compression === undefined || compressors.has(compression)) return { ...rest, ...compressionOf(after) };
    waits.push(`clients.${after.name}.compression`);
    return { ...rest, ...compressionOf(before) };
  });
  return { next: { ...known('', running, next), services, clients }, waits };
}

function compressionOf({ compression, compressAboveBytes }: ClientSettings): Partial<ClientSettings> {
  return {
    ...(compression === undefined ? {} : { compression }),
    ...(compressAboveBytes === undefined ? {} : { compressAboveBytes }),
  };
}
