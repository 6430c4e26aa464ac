// projectNames: what a new project is called: its package, its service on the wire, and the constant and the file that
// stand for the service in its code.

import { service } from '../../net/service/contract.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { templateNames } from './template-names.ts';

export interface ProjectNames {
  /** `film-search`. */
  package: string;
  /** On the wire: `FilmSearch`, or as `--service` says: `shop.FilmSearch`. */
  service: string;
  /** Of the contract: `FilmSearch`. */
  constant: string;
  /** Of the handlers, without `.ts`: `film-search`. */
  file: string;
}

/** Letters of a folder's name. */
const nameMaxLength = 100;
const namePattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*$/;

/**
 * Folders `film-search`, `film_search` and `FilmSearch` all give package film-search and service FilmSearch. `serviceName`
 * is what `--service` says. Throws INVALID_ARGUMENT for names of which nothing can be made.
 */
export function projectNames(folderName: string, serviceName?: string): ProjectNames {
  const fits = namePattern.test(folderName) && folderName.length <= nameMaxLength;
  const folderWords = fits ? freeWords(folderName) : undefined;
  if (serviceName === undefined) {
    if (folderWords === undefined) throw badFolderName(folderName);
    return { package: kebab(folderWords), service: pascal(folderWords), ...inCode(folderWords) };
  }
  // It knows what can name a service, and says it.
  service(serviceName, {});
  const words = freeWords(serviceName.slice(serviceName.lastIndexOf('.') + 1));
  return { package: kebab(folderWords ?? words), service: serviceName, ...inCode(words) };
}

function inCode(words: readonly string[]): Pick<ProjectNames, 'constant' | 'file'> {
  return { constant: pascal(words), file: kebab(words) };
}

/** What has a meaning of its own in code or in the project becomes `server-service`, `error-service`; `_` and `_2` get a letter in front. */
function freeWords(name: string): string[] {
  const words = name.split(/[-_.]+|(?<=[a-z0-9])(?=[A-Z])/).filter((word) => word !== '');
  if (!/^[A-Za-z]/.test(words[0] ?? '')) words.unshift('my');
  const { files, identifiers } = templateNames();
  const isUsed = files.has(kebab(words)) || identifiers.has(pascal(words)) || pascal(words) in globalThis;
  if (isUsed) words.push('service');
  return words;
}

function kebab(words: readonly string[]): string {
  return words.join('-').toLowerCase();
}

function pascal(words: readonly string[]): string {
  return words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

function badFolderName(name: string): HeddleError {
  return new HeddleError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(name.slice(0, nameMaxLength))} can't name a project, whose package and service are called after its folder: use letters, digits and -, beginning with a letter, at most ${nameMaxLength}, as film-search; or name the service: --service shop.Films`,
  );
}
