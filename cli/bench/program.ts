// The grammar of `heddle bench`: its arguments, options and help.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from '../../runtime/units.ts';
import { collect, command, type EndWith, notes } from '../command.ts';
import { codecOption, priorityOption } from '../request-options.ts';
import { type BenchOptions, seeds } from './options.ts';

export function addBench(program: Command, endWith: EndWith): void {
  command(program, 'bench', 'put load on a method of a running service and show how long it takes')
    .argument('<where>', 'heddle://host:port (several with commas between), http(s)://host:port, or its config file')
    .argument('<service/method>', 'as demo.Echo/echo')
    .argument('[request]', 'JSON; @file reads a file, - standard input; default: with a config its example, else {}')
    .addOption(
      new Option('-f, --in-flight <number>', 'closed loop: requests under way, each followed by the next; default 32')
        .argParser(whole(1, 2 ** 20))
        .conflicts('rate'),
    )
    .addOption(
      new Option(
        '-r, --rate <number>',
        'open loop: requests a second, at random times, whatever is still under way',
      ).argParser(positive(10_000_000)),
    )
    .addOption(
      new Option(
        '--max-in-flight <number>',
        'with --rate: what arrives beyond waits; default 10000, over HTTP 256',
      ).argParser(whole(1, 2 ** 20)),
    )
    .addOption(
      new Option(
        '--connections <number>',
        'to each address; default 8; over HTTP each request under way has its own',
      ).argParser(whole(1, 10_000)),
    )
    .addOption(
      durationOption('-d, --duration <duration>', 'how long it is measured: 250ms, 10s, 2m', 10_000, '10s', 10),
    )
    .addOption(durationOption('-w, --warm-up <duration>', 'the same load before, not counted', 1_000, '1s', 0))
    .addOption(durationOption('-t, --timeout <duration>', 'the longest that a request may take', 5_000, '5s', 1))
    .option('-m, --meta <key=value>', 'metadata of each request; may be repeated', collect)
    .addOption(priorityOption())
    .addOption(codecOption())
    .option('--precise', 'with --rate: sends on time by watching the clock, which keeps a processor busy')
    .addOption(
      new Option('--seed <number>', 'with --rate: the same random times again; default: by chance').argParser(
        whole(0, seeds - 1),
      ),
    )
    .option('--json <file>', 'the result as JSON, with the whole histogram; - prints it instead of the picture')
    .addHelpText(
      'after',
      notes({
        more: [
          'A closed loop finds out how much a service can do: a slow one is asked less often. An open loop finds out what',
          'users see at a rate: a latency counts from when its request was meant to begin, so a stall counts for all that',
          'arrive in it. Ctrl-C ends it early and shows what was measured; a second one ends at once.',
          '',
          'With a config file the load goes to where it says that the service listens, by heddle:// if there is one.',
          'Progress goes to standard error, the result to standard output. NO_COLOR=1 draws without colours, a locale',
          'without UTF-8 in ASCII.',
        ].join('\n'),
        examples: [
          'heddle bench heddle.yaml demo.Echo/echo',
          `heddle bench heddle://127.0.0.1:7000 demo.Echo/echo '{"text":"hi"}' --in-flight 256 --connections 8`,
          `heddle bench http://127.0.0.1:7080 demo.Echo/echo '{"text":"hi"}' --rate 500 --duration 1m --json echo.json`,
        ],
        exit: {
          ok: 'the result is shown, also after Ctrl-C',
          failed:
            'nobody could be reached, the service has no such method or refuses the request, or no request succeeded',
          interrupted: 'a second SIGINT (Ctrl-C): ended at once',
          terminated: 'a second SIGTERM: ended at once',
        },
      }),
    )
    .action(async (where: string, name: string, request: string | undefined, options: BenchOptions) => {
      const { bench } = await import('../bench.ts');
      endWith(await bench(where, name, request, options));
    });
}

/** A day: whoever wants more wants a soak test. */
const durationMaxMs = 86_400_000;

function durationOption(flags: string, text: string, initialMs: number, initial: string, minMs: number): Option {
  const read = (written: string): number => {
    const ms = parseDurationMs(written) ?? (written === '0' ? 0 : undefined);
    if (ms !== undefined && ms >= minMs && ms <= durationMaxMs) return ms;
    throw new InvalidArgumentError(`Write a number and its unit, ms, s, m or h, from ${minMs}ms to 24h.`);
  };
  return new Option(flags, text).argParser(read).default(initialMs, initial);
}

function whole(min: number, max: number): (written: string) => number {
  return (written) => {
    const value = Number(written);
    if (/^\d+$/.test(written) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Write a whole number from ${min} to ${max}.`);
  };
}

function positive(max: number): (written: string) => number {
  return (written) => {
    const value = Number(written);
    if (/^\d+(\.\d+)?$/.test(written) && value >= 0.001 && value <= max) return value;
    throw new InvalidArgumentError(`Write a number from 0.001 to ${max}.`);
  };
}
