// The example's jobs: exported functions of their input and their fiber.

import { readFile } from 'node:fs/promises';
import type { FiberContext } from 'heddle';
import { catalogue } from './catalogue.ts';
import { Films } from './contract.ts';

export async function refresh({ file }: { file: string }, fiber: FiberContext): Promise<void> {
  const text = await readFile(new URL(file, import.meta.url), { encoding: 'utf8', signal: fiber.signal });
  catalogue.titles = text.split('\n').filter((line) => line !== '');
  catalogue.refreshes++;
}

export async function report(_input: unknown, fiber: FiberContext): Promise<void> {
  const { titles, refreshes } = await fiber.call(Films.list, {});
  fiber.log.info({ films: titles.length, refreshes }, 'the catalogue of today');
}
