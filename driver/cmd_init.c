/* atmc init: the description of a published model. */
#include <stdlib.h>
#include <string.h>

#include "driver/commands.h"
#include "driver/output.h"
#include "frontend/frontend.h"

enum { MAX_SIDE = 16384 };

/* A number from 1 to MAX_SIDE at *text, which moves behind it; 0: there is none. */
static int64_t parse_side(const char **text) {
  int64_t side = 0;
  for (; **text >= '0' && **text <= '9' && side <= MAX_SIDE; ++*text) {
    side = 10 * side + **text - '0';
  }
  return side <= MAX_SIDE ? side : 0;
}

static Status parse_size(const char *text, Diag *diag, PublishedOptions *published) {
  const char *at = text;
  published->height = parse_side(&at);
  if (*at == 'x') {
    ++at;
    published->width = parse_side(&at);
    if (published->height && published->width && !*at) return STATUS_OK;
  }
  return diag_usage_error(diag, "--size=%s: give height and width from 1 to %d, as 384x384", text,
                          MAX_SIDE);
}

/* Papers and other tools call what a head gives its output. */
static Status check_output(const Options *options, Diag *diag) {
  static const char *const answers[] = {"logits", "logits4", "labels"};
  for (size_t i = 0; options->output && i < sizeof answers / sizeof *answers; ++i) {
    if (strcmp(options->output, answers[i]) != 0) continue;
    return diag_usage_error(diag, "--output=%s: a file; what the model gives is --answer=%s",
                            answers[i], answers[i]);
  }
  return STATUS_OK;
}

static Status read_options(const Options *options, Arena *arena, Diag *diag,
                           PublishedOptions *published) {
  *published = (PublishedOptions){.pixels = options->pixels,
                                  .pyramid = options->pyramid,
                                  .head = options->head,
                                  .answer = options->answer,
                                  .classes = (uint32_t)options->classes};
  if (options->size) RETURN_IF_ERROR(parse_size(options->size, diag, published));
  if (!options->class_names) return STATUS_OK;
  ClassNames *names = &published->class_names;
  RETURN_IF_ERROR(class_names_read(arena, diag, options->class_names, names));
  if (published->classes && published->classes != names->count) {
    return diag_usage_error(diag, "--classes=%u, but %s names %u", published->classes,
                            options->class_names, names->count);
  }
  published->classes = names->count;
  return STATUS_OK;
}

Status cmd_init(const Options *options, Arena *arena, Diag *diag) {
  PublishedOptions published;
  const char *text;
  RETURN_IF_ERROR(check_output(options, diag));
  RETURN_IF_ERROR(read_options(options, arena, diag, &published));
  RETURN_IF_ERROR(published_write(arena, diag, options->argument, &published, &text));
  if (options->output) RETURN_IF_ERROR(output_check(options, arena, diag, options->output));
  return output_text(arena, diag, options->output, text);
}
