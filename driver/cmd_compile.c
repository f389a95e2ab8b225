/* atmc compile: a model becomes an object, a header, a library or a program. */
#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/outputs.h"

Status cmd_compile(const Options *options, Arena *arena, Diag *diag) {
  ShapeList shapes;
  RETURN_IF_ERROR(shapes_parse(options->shape, SHAPES_MAX, arena, diag, &shapes));
  RETURN_IF_ERROR(outputs_check(options, arena, diag));
  Compilation c;
  Status status = compile_begin(&c, options, arena, diag);
  if (!status) status = compile_files(&c, &shapes);
  compile_end(&c);
  return status;
}
