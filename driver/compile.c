/* The route:
 *
 *   MODEL.json, WEIGHTS -> model graph          compilation_read      (frontend)
 *   -> passes that run once                     compilation_plan      (passes)
 *   -> for each resolution: passes, plan
 *   -> object, assembly, ...                    compilation_emit      (backends)
 *   -> files                                    outputs_write
 */
#include "driver/compile.h"

#include "driver/outputs.h"

Status compile_files(Compilation *c, const ShapeList *shapes) {
  RETURN_IF_ERROR(compilation_read(c));
  RETURN_IF_ERROR(compilation_plan(c, shapes));
  return c->stopped ? STATUS_OK : outputs_write(c);
}
