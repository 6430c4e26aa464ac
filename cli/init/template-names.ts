// templateNames: the names that a new project has something else for. They are read from the template, so that nothing it
// comes to import or to declare is ever called as somebody's service is.

import { basename } from 'node:path';
import { templateFiles, templateService } from './template.ts';

export interface TemplateNames {
  /** Of files without their endings, and of packages. */
  files: ReadonlySet<string>;
  /** What its modules import and declare. */
  identifiers: ReadonlySet<string>;
}

/** What package.json of a new project may depend on: npm installs no package into one of the same name. */
const packages = ['heddle', 'node', 'typescript'];

export function templateNames(): TemplateNames {
  const modules = templateFiles().filter(({ path }) => path.endsWith('.ts'));
  const files = new Set([...modules.map(({ path }) => basename(path, '.ts')), ...packages]);
  const identifiers = new Set(modules.flatMap(({ text }) => identifiersIn(text)));
  // What stands for the service there gets the other name.
  files.delete(templateService.file);
  identifiers.delete(templateService.constant);
  return { files, identifiers };
}

function identifiersIn(text: string): string[] {
  const imported = [...text.matchAll(/^import ([^;]+?) from /gm)].flatMap(([, names]) => names!.match(/\w+/g) ?? []);
  const declared = [...text.matchAll(/\b(?:class|const|enum|function|interface|let|type|var) (\w+)/g)];
  return [...imported, ...declared.map(([, name]) => name!)];
}
