import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const files = ['films.proto', 'fanout.proto', 'large.proto'].map((file) => `${import.meta.dirname}/${file}`);
const definition = loadSync(files, { keepCase: true, longs: Number, defaults: true });

export const { Films, Search, Blobs } = grpc.loadPackageDefinition(definition).bench;
