// How often each film was asked for on this thread since somebody last took the counts.

let counts = new Map<string, number>();

export function noteShown(title: string): void {
  counts.set(title, (counts.get(title) ?? 0) + 1);
}

export function takeShown(): Map<string, number> {
  const taken = counts;
  counts = new Map();
  return taken;
}
