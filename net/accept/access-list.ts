// AccessList (main thread): which addresses may connect, by `limits.allow` and `limits.deny`.

import { BlockList, isIPv6 } from 'node:net';
import type { LimitSettings } from '../../runtime/settings.ts';

export class AccessList {
  readonly #allow: BlockList | undefined;
  readonly #deny: BlockList;

  /** CIDR blocks or single addresses; an empty allow list allows all, deny wins. */
  constructor({ allow, deny }: Pick<LimitSettings, 'allow' | 'deny'>) {
    this.#allow = allow.length > 0 ? blockList(allow) : undefined;
    this.#deny = blockList(deny);
  }

  allows(ip: string): boolean {
    const family = isIPv6(ip) ? 'ipv6' : 'ipv4';
    return !this.#deny.check(ip, family) && (this.#allow === undefined || this.#allow.check(ip, family));
  }
}

function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address, prefix] = block.split('/') as [string, string | undefined];
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return list;
}
