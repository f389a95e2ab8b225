/* atmc init: the description of a published model. */
#include <string.h>

#include "driver/commands.h"
#include "driver/output.h"
#include "frontend/frontend.h"
#include "support/nearest.h"

static Status unknown_name(const char *name, Diag *diag) {
  const char *const *names = published_model_names();
  size_t count = 0;
  while (names[count]) ++count;
  const char *near = nearest_name(name, names, count);
  if (near) return diag_usage_error(diag, "no model \"%s\"; did you mean %s?", name, near);
  return diag_usage_error(diag, "no model \"%s\"; see atmc init --help", name);
}

Status cmd_init(const Options *options, Arena *arena, Diag *diag) {
  const char *text = published_model_json(arena, options->argument, options->pyramid);
  if (!text) return unknown_name(options->argument, diag);
  if (options->output) RETURN_IF_ERROR(output_check(options, arena, diag, options->output));
  return output_text(arena, diag, options->output, text);
}
