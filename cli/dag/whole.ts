// whole: a whole number as an argument or an option of a command.

import { InvalidArgumentError } from 'commander';

/** A parser for commander; both ends are allowed. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d{1,10}$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`Write a whole number from ${min} to ${max}.`);
  };
}
