// What tars2node generates for
//
//   struct Film { 0 require long id; 1 require string name; 2 require vector<string> tags; 3 require double score; };
//   interface Films { Film echo(Film film); };
//
// written by hand, since that tool is no npm package: the TARS protocol only, without its older one (TUP), which saves a look.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const TarsStream = require('@tars/stream');
const { error: TarsError } = require('@tars/rpc');

export class Film {
  static _classname = 'bench.Film';
  id = 0;
  name = '';
  tags = new TarsStream.List(TarsStream.String);
  score = 0;

  static create(is) {
    const film = new Film();
    film.id = is.readInt64(0, true, 0);
    film.name = is.readString(1, true, '');
    film.tags = is.readList(2, true, TarsStream.List(TarsStream.String));
    film.score = is.readDouble(3, true, 0);
    return film;
  }
  static _readFrom(is) {
    return Film.create(is);
  }
  _writeTo(os) {
    os.writeInt64(0, this.id);
    os.writeString(1, this.name);
    os.writeList(2, this.tags);
    os.writeDouble(3, this.score);
  }
  readFromObject({ id, name, tags, score }) {
    this.id = id;
    this.name = name;
    this.tags.readFromObject(tags);
    this.score = score;
  }
  toObject() {
    return { id: this.id, name: this.name, tags: this.tags.toObject(), score: this.score };
  }
}

/** Who serves sets `echo` on its prototype. */
export class FilmsImp {
  initialize() {}

  onDispatch(current, name, buffer) {
    if (name !== 'echo') return TarsError.SERVER.FUNC_NOT_FOUND;
    current.sendResponse = (returned) => {
      const os = new TarsStream.TarsOutputStream();
      os.writeStruct(0, returned);
      current.doResponse(os.getBinBuffer());
    };
    const is = new TarsStream.TarsInputStream(buffer);
    this.echo(current, is.readStruct(1, true, Film));
    return TarsError.SUCCESS;
  }
}

export class FilmsProxy {
  echo(film) {
    const os = new TarsStream.TarsOutputStream();
    os.writeStruct(1, film);
    return this._worker.tars_invoke('echo', os.getBinBuffer()).then((data) => {
      const is = new TarsStream.TarsInputStream(data.response.sBuffer);
      return { request: data.request, response: { return: is.readStruct(0, true, Film) } };
    });
  }
}
