// A controller and its module, with decorators applied by hand: this is JavaScript.

import { Controller, Module } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';

class FilmController {
  echo(film) {
    return film;
  }
}
Controller()(FilmController);
MessagePattern({ cmd: 'echo' })(
  FilmController.prototype,
  'echo',
  Object.getOwnPropertyDescriptor(FilmController.prototype, 'echo'),
);

export class FilmModule {}
Module({ controllers: [FilmController] })(FilmModule);
