// whereToBench: the address that is meant, written as such or as the config of a service that runs on this machine; and
// with a config the method's example request.

import { formatHostPort } from '../../config/addresses.ts';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import type { ServiceSettings, Settings } from '../../runtime/settings.ts';
import { clientHost } from '../endpoints.ts';
import { exampleOf } from './example.ts';

export interface BenchWhere {
  /** `heddle://…`, `http://…`, `https://…`. */
  target: string;
  /** JSON; undefined: none is known. */
  example: string | undefined;
}

/** With both, the one that costs the service less. */
const protocols = ['heddle', 'http'];

/**
 * `written` is an address (anything with `://`) or a config file. The modules of the service are loaded, on a thread of
 * their own, when `needsExample`. Throws HeddleError that says what is wrong.
 */
export async function whereToBench(written: string, name: string, needsExample: boolean): Promise<BenchWhere> {
  if (written.includes('://')) return { target: written, example: undefined };
  const { settings, problems } = readConfig({ file: written, environment: process.env });
  if (settings === undefined) throw failed(formatProblems(problems));
  const [serviceName = '', method = ''] = name.split('/');
  const service = serviceIn(settings, serviceName, written);
  const target = addressOf(service, written);
  return { target, example: needsExample ? await exampleOf(service, method) : undefined };
}

function serviceIn({ services }: Settings, name: string, file: string): ServiceSettings {
  const service = services.find((one) => one.name === name);
  if (service !== undefined) return service;
  const names = services.map((one) => one.name);
  throw failed(`${file} has no service ${name}${didYouMean(name, names)}; it has ${names.join(', ') || 'none'}`);
}

function addressOf({ name, listen }: ServiceSettings, file: string): string {
  const binding = protocols.flatMap((protocol) => listen.filter((one) => one.protocol === protocol))[0];
  if (binding === undefined) {
    throw failed(`${file} lets ${name} listen on neither heddle:// nor http://; heddle bench knows no other protocol`);
  }
  const { protocol, host, port } = binding;
  if (port === 0) {
    throw failed(`${file} leaves the port of ${name} open; give the address that \`heddle start\` has printed`);
  }
  return `${protocol}://${formatHostPort({ host: clientHost(host), port })}`;
}

function failed(what: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', what);
}
