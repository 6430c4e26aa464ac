// Backend 1 of the scenario `fanout`: services are told apart by their modules.

import { backend } from '../backend.ts';

export default backend(1);
