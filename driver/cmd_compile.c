/* atmc compile: a model becomes an object, a header, a library or a program. */
#include "driver/commands.h"
#include "driver/compile.h"
#include "driver/outputs.h"

static Status compile(Compilation *c) {
  ShapeList shapes;
  RETURN_IF_ERROR(shapes_parse(c->options->shape, SHAPES_MAX, c->arena, c->diag, &shapes));
  RETURN_IF_ERROR(outputs_check(c->options, c->arena, c->diag));
  RETURN_IF_ERROR(outputs_check_target(c->options, c->variants[0].target, c->diag));
  return compile_files(c, &shapes);
}

Status cmd_compile(const Options *options, Arena *arena, Diag *diag) {
  return compilation_with(options, arena, diag, compile);
}
