// Backend 3 of the scenario `fanout`: services are told apart by their modules.

import { backend } from '../backend.ts';

export default backend(3);
