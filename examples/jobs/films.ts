// The example's service: it answers from memory and never reads a file while somebody waits.

import { implement } from 'heddle';
import { catalogue } from './catalogue.ts';
import { Films } from './contract.ts';

export default implement(Films, { list: () => catalogue });
