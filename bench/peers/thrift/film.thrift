// thrift --gen js:node,es6 film.thrift
struct Film {
  1: required i64 id,
  2: required string name,
  3: required list<string> tags,
  4: required double score,
}

service Films {
  Film echo(1: Film film),
}
