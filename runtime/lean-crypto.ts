// lean-crypto: what Heddle needs of node:crypto, without importing it: see lean-http.ts; here it is WebCrypto.

export const { createHash } = process.getBuiltinModule('node:crypto');
