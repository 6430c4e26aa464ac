// exampleCommands: commands to paste that call what has just been started, made of the `example` requests of contracts.
// A pure function.

import { formatHostPort } from '../config/addresses.ts';
import type { MethodRow } from '../runtime/thread-control.ts';
import { clientHost, type Endpoint } from './endpoints.ts';

const commandsMax = 3;
/** A longer example would fill the screen, characters. */
const exampleMaxLength = 300;

type Method = Pick<MethodRow, 'service' | 'method' | 'reads' | 'example'>;
type ShownMethod = Method & { example: string };

/**
 * At most three: a `heddle call`, a `curl` of the same method, then what else there is to try. Only methods with an
 * example, in the order of config and contract: whatever else could be sent, most methods would refuse it.
 */
export function exampleCommands(endpoints: readonly Endpoint[], methods: readonly Method[]): string[] {
  const reachable = methods.filter((method) => ['heddle', 'http'].some((name) => urlOf(name, method, endpoints)));
  const candidates = reachable.filter(isShown);
  const health = healthCommand(endpoints);
  const commands = [
    ...candidates.slice(0, 1).flatMap((method) => [callCommand(method, endpoints), curlCommand(method, endpoints)]),
    ...candidates.slice(1).map((method) => curlCommand(method, endpoints) ?? callCommand(method, endpoints)),
  ].filter((command) => command !== undefined);
  if (commands.length < commandsMax && health !== undefined) commands.push(health);
  return commands.slice(0, commandsMax);
}

function isShown(method: Method): method is ShownMethod {
  return method.example !== undefined && method.example.length <= exampleMaxLength;
}

function callCommand(method: ShownMethod, endpoints: readonly Endpoint[]): string | undefined {
  const url = urlOf('heddle', method, endpoints);
  if (url === undefined) return undefined;
  return `npx heddle call ${url} ${method.service}/${method.method} ${quoted(method.example)}`;
}

function curlCommand(method: ShownMethod, endpoints: readonly Endpoint[]): string | undefined {
  const url = urlOf('http', method, endpoints);
  if (url === undefined) return undefined;
  const path = `${url}/${method.service}/${method.method}`;
  const query = method.reads ? queryOf(method.example) : undefined;
  if (query !== undefined) return `curl ${quoted(`${path}?${query}`)}`;
  // Not --json: curl knows that since 7.82 only.
  return `curl ${path} -H 'content-type: application/json' -d ${quoted(method.example)}`;
}

function healthCommand(endpoints: readonly Endpoint[]): string | undefined {
  const endpoint = endpoints.find(({ address }) => address.protocol === 'http');
  return endpoint === undefined ? undefined : `curl ${addressUrl(endpoint)}/healthz`;
}

function urlOf(protocol: string, method: Method, endpoints: readonly Endpoint[]): string | undefined {
  const endpoint = endpoints.find((one) => one.service === method.service && one.address.protocol === protocol);
  return endpoint === undefined ? undefined : addressUrl(endpoint);
}

function addressUrl({ address }: Endpoint): string {
  return `${address.protocol}://${formatHostPort({ host: clientHost(address.host), port: address.port })}`;
}

/** `text=alien&limit=3`; undefined when a request has more than texts, numbers and booleans in it, or nothing. */
function queryOf(example: string): string | undefined {
  const request: unknown = JSON.parse(example);
  if (typeof request !== 'object' || request === null || Array.isArray(request)) return undefined;
  const pairs = Object.entries(request);
  if (pairs.length === 0) return undefined;
  if (!pairs.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))) return undefined;
  return new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
