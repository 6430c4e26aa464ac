// moduleUrl: where a module for another thread lies. tsc rewrites import specifiers but not URLs, so the extension is
// taken from the module that asks: `.ts` from the sources, `.js` from dist/.

/** `moduleUrl('./cpu-thread', import.meta.url)`: the URL of a neighbour module, in sources and in the built package. */
export function moduleUrl(pathWithoutExtension: string, from: string): URL {
  return new URL(`${pathWithoutExtension}${from.endsWith('.ts') ? '.ts' : '.js'}`, from);
}
