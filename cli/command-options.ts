// What commander hands to the commands: their options, parsed.

export interface ConfigOptions {
  set?: string[];
  json?: true;
  explain?: string;
  defaults?: true;
  schema?: true;
}

export interface CallCommandOptions {
  /** ms. */
  timeout: number;
  meta?: string[];
  priority: 'high' | 'normal' | 'low';
  codec: 'json' | 'bytes';
  oneWay?: true;
  verbose?: true;
}
