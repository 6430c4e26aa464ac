// Numbers as `heddle top` writes them: short, with their unit, and `-` for what is not known.

/** `0`, `0.3`, `12`, `12,345`. */
export function rateText(perSecond: number | undefined): string {
  if (perSecond === undefined) return '-';
  if (perSecond > 0 && perSecond < 9.95) return perSecond < 0.1 ? '<0.1' : perSecond.toFixed(1);
  return countText(perSecond);
}

export function countText(count: number): string {
  return Math.round(count).toLocaleString('en');
}

/** `0.21 ms`, `12 ms`, `4.2 s`, `3m 5s`. */
export function durationText(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return '-';
  if (ms < 0) return `-${durationText(-ms)}`;
  if (ms < 9.995) return `${Number(ms.toFixed(2))} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return ageText(ms);
}

/** `5s`, `13m 5s`, `2h 13m`, `12d 3h`: whole seconds and up. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${seconds % 60}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `640 KiB`, `120 MiB`, `1.4 GiB`. */
export function memoryText(bytes: number | undefined): string {
  if (bytes === undefined) return '-';
  if (bytes < 2 ** 20) return `${Math.round(bytes / 2 ** 10)} KiB`;
  if (bytes < 2 ** 30) return `${Math.round(bytes / 2 ** 20)} MiB`;
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
