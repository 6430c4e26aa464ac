// Options of the commands that send requests: `heddle call` and `heddle bench`.

import { Option } from 'commander';

export function priorityOption(): Option {
  return new Option('-p, --priority <class>', 'its place in the queue')
    .choices(['high', 'normal', 'low'])
    .default('normal');
}

export function codecOption(): Option {
  return new Option('-c, --codec <codec>', 'how the request is written: json, or bytes as they are, maybe a FlatBuffer')
    .choices(['json', 'bytes', 'flatbuffers'])
    .default('json');
}
