// What commander hands to the commands: their options, parsed.

export interface StartCommandOptions {
  set?: string[];
  status: boolean;
  watch?: boolean;
  guardian: boolean;
}

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
  codec: 'json' | 'bytes' | 'flatbuffers';
  oneWay?: true;
  verbose?: true;
}

export interface AdminOptions {
  address?: string;
  config?: string;
  json?: true;
  explain?: true;
  all?: true;
  /** Of a profile. */
  seconds: number;
  out?: string;
  post?: true;
  data?: string;
}

export interface TopOptions {
  /** ms. */
  interval: number;
  once?: true;
}
