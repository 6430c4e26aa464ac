// humanLines: log lines for a person at a terminal, `12:03:05.123 INFO  io-1 acceptor: listening port=7000`, with an
// error's stack below. Runs on the log thread, only when the destination is a terminal; files and pipes get JSON.

const colors: Record<string, string> = { trace: '90', debug: '90', info: '32', warn: '33', error: '31', fatal: '41' };

/** Lines of JSON, each ending in \n, as text. What does not parse passes as it is, without control characters. */
export function humanLines(json: string, color: boolean): string {
  let text = '';
  for (const line of json.split('\n')) {
    if (line !== '') text += `${humanLine(line, color)}\n`;
  }
  return text;
}

function humanLine(line: string, color: boolean): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return printable(line);
  }
  if (typeof parsed !== 'object' || parsed === null) return printable(line);
  const { level, time, source, component, msg, ...fields } = parsed as Record<string, unknown>;
  const label = String(level).toUpperCase().padEnd(5);
  const painted =
    color && colors[String(level)] !== undefined ? `\x1b[${colors[String(level)]}m${label}\x1b[0m` : label;
  let text = `${clockTime(Number(time))} ${painted} ${printable(`${source} ${component ?? '-'}:`)}`;
  if (msg !== undefined) text += ` ${printable(String(msg))}`;
  let stacks = '';
  for (const [name, value] of Object.entries(fields)) {
    const stack = stackRows(value);
    text += ` ${printable(`${name}=${JSON.stringify(stack.length > 0 ? (value as LoggedError).message : value)}`)}`;
    for (const row of stack) stacks += `\n    ${printable(row)}`;
  }
  return text + stacks;
}

/** An error as loggers write it. */
interface LoggedError {
  message?: unknown;
  stack?: unknown;
  cause?: unknown;
}

/** The rows of an error's stack and of its causes; none for any other value. */
function stackRows(value: unknown): string[] {
  const rows: string[] = [];
  for (let at = value; typeof at === 'object' && at !== null; at = (at as LoggedError).cause) {
    const { stack } = at as LoggedError;
    if (typeof stack !== 'string') break;
    rows.push(...`${rows.length > 0 ? 'caused by ' : ''}${stack}`.split('\n'));
  }
  return rows;
}

function clockTime(wallMs: number): string {
  const date = new Date(wallMs);
  if (Number.isNaN(date.getTime())) return '--:--:--.---';
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Text that a peer may have sent must not move the cursor or recolor the terminal. */
function printable(text: string): string {
  let out = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    out += control ? `\\x${code.toString(16).padStart(2, '0')}` : character;
  }
  return out;
}
