import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { serveBench } from '../../measure/served.ts';
import { FilmModule } from './film.module.js';

const app = await NestFactory.createMicroservice(FilmModule, {
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: 0 },
  logger: false,
});
await app.listen();
serveBench(app.unwrap().address().port, () => app.close());
