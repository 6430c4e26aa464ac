// lean-http: what the admin's server needs of node:http, without importing it. An ES import of a built-in module evaluates
// every export, here also the getters that load a whole HTTP client and WebSockets: some 20 ms of processor for each
// thread that is born.

export const { createServer } = process.getBuiltinModule('node:http');
