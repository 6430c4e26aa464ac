// ValueShape: what is known of a value before it exists: how a codec describes requests and responses to those who check
// texts that read them, and what expressions are checked against. Plain data.

export type ValueShape =
  | { readonly kind: 'any' | 'number' | 'string' | 'boolean' | 'null' }
  | { readonly kind: 'list'; readonly item: ValueShape }
  /** Any key, one type of value. */
  | { readonly kind: 'map'; readonly value: ValueShape }
  /** These fields and no others. */
  | { readonly kind: 'record'; readonly fields: Readonly<Record<string, ValueShape>> }
  | { readonly kind: 'union'; readonly members: readonly ValueShape[] };
