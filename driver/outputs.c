/* One row for each word of --emit: the name of its file and the function that fills it. The object
 * is emitted once for all that need it. Nothing appears at its destination before everything is
 * written. */
#include "driver/outputs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "driver/clock.h"
#include "driver/file_hash.h"
#include "driver/output.h"
#include "driver/summary.h"
#include "support/atomic_file.h"
#include "support/panic.h"

/* The outputs of one command under way. */
typedef struct Outputs {
  Compilation *c;
  AtomicFiles *files;
  EmitOptions emit;
  const char *name;
  char *object; /* malloced; NULL until emitted */
  size_t object_bytes;
  Summary summary;
} Outputs;

/* Writes the file at `path`. */
typedef Status OutputWriter(Outputs *o, const char *path);

/* -- small pieces ------------------------------------------------------------------------------ */

static Status write_file(Outputs *o, const char *path, const void *data, size_t bytes) {
  double begin = clock_seconds();
  RETURN_IF_ERROR(output_check(o->c->options, o->c->arena, o->c->diag, path));
  RETURN_IF_ERROR(atomic_files_write(o->files, path, data, bytes, false));
  o->c->times.write += clock_seconds() - begin;
  summary_add(&o->summary, path, bytes);
  return STATUS_OK;
}

static Status need_object(Outputs *o) {
  if (o->object) return STATUS_OK;
  progress_step(&o->c->progress, "generating code");
  return compilation_emit(o->c, &o->emit, EMIT_OBJECT, &o->object, &o->object_bytes);
}

static Status write_emitted(Outputs *o, EmitKind kind, const char *path) {
  char *data;
  size_t bytes;
  RETURN_IF_ERROR(compilation_emit(o->c, &o->emit, kind, &data, &bytes));
  Status status = write_file(o, path, data, bytes);
  free(data);
  return status;
}

static Status write_linked(Outputs *o, LinkKind kind, const char *path) {
  RETURN_IF_ERROR(need_object(o));
  const char *temporary;
  RETURN_IF_ERROR(atomic_files_reserve(o->files, path, &temporary));
  RETURN_IF_ERROR(link_artifact(kind, o->c->target, o->emit.prefix, o->object, o->object_bytes,
                                temporary, o->c->arena, o->c->diag));
  summary_add(&o->summary, path, summary_file_size(temporary));
  return STATUS_OK;
}

/* -- one writer for each word of --emit -------------------------------------------------------- */

static Status write_object(Outputs *o, const char *path) {
  RETURN_IF_ERROR(need_object(o));
  return write_file(o, path, o->object, o->object_bytes);
}

static Status write_header(Outputs *o, const char *path) {
  Compilation *c = o->c;
  const char *text = header_write(c->arena, c->plans, c->resolution_count, &c->blob, &o->emit);
  return write_file(o, path, text, strlen(text));
}

static Status write_library(Outputs *o, const char *path) {
  RETURN_IF_ERROR(need_object(o));
  Compilation *c = o->c;
  ArchiveMember member = {
      .name = arena_printf(c->arena, "%s.o", o->name), .data = o->object, .bytes = o->object_bytes};
  member.symbols =
      artifact_symbols(c->arena, c->plans, c->resolution_count, &o->emit, &member.symbol_count);
  char *data;
  size_t bytes;
  archive_write(c->arena, &member, 1, &data, &bytes);
  return write_file(o, path, data, bytes);
}

static Status write_shared(Outputs *o, const char *path) {
  return write_linked(o, LINK_SHARED, path);
}

static Status write_program(Outputs *o, const char *path) {
  return write_linked(o, LINK_EXECUTABLE, path);
}

static Status write_asm(Outputs *o, const char *path) {
  return write_emitted(o, EMIT_ASM, path);
}

static Status write_llvm_ir(Outputs *o, const char *path) {
  return write_emitted(o, EMIT_LLVM_IR, path);
}

/* `path` where there is one resolution; else NAME_HxW.ir and the like. */
static const char *resolution_path(const Outputs *o, const char *path, uint32_t i) {
  const Compilation *c = o->c;
  const char *suffix = artifact_suffix(c->arena, c->plans, c->resolution_count, i);
  const char *dot = strrchr(path, '.');
  return arena_printf(c->arena, "%.*s%s%s", (int)(dot - path), path, suffix, dot);
}

static Status write_ir(Outputs *o, const char *path) {
  for (uint32_t i = 0; i < o->c->resolution_count; ++i) {
    StringBuilder text = {.arena = o->c->arena};
    graph_print(o->c->resolutions[i].graph, &text);
    RETURN_IF_ERROR(
        write_file(o, resolution_path(o, path, i), string_builder_text(&text), text.length));
  }
  return STATUS_OK;
}

static Status write_plan(Outputs *o, const char *path) {
  for (uint32_t i = 0; i < o->c->resolution_count; ++i) {
    StringBuilder text = {.arena = o->c->arena};
    plan_print(o->c->plans[i], &text);
    RETURN_IF_ERROR(
        write_file(o, resolution_path(o, path, i), string_builder_text(&text), text.length));
  }
  return STATUS_OK;
}

static const struct {
  const char *word, *before, *behind; /* of the name */
  OutputWriter *write;
} WRITERS[] = {
    {"obj", "", ".o", write_object},       {"header", "", ".h", write_header},
    {"lib", "lib", ".a", write_library},   {"shared", "lib", ".so", write_shared},
    {"exe", "", "", write_program},        {"asm", "", ".s", write_asm},
    {"llvm-ir", "", ".ll", write_llvm_ir}, {"ir", "", ".ir", write_ir},
    {"plan", "", ".plan", write_plan},
};
enum { WRITER_COUNT = sizeof WRITERS / sizeof *WRITERS };

/* -- the whole --------------------------------------------------------------------------------- */

static bool is_wanted(const TextList *emit, const char *word) {
  for (uint32_t i = 0; i < emit->count; ++i) {
    if (!strcmp(emit->items[i], word)) return true;
  }
  return false;
}

/* The part of --output behind its last slash. */
static const char *base_name(const Options *options) {
  const char *slash = strrchr(options->output, '/');
  return slash ? slash + 1 : options->output;
}

/* The file of writer `i`. */
static const char *output_path(const Options *options, uint32_t i, Arena *arena) {
  const char *name = base_name(options);
  return arena_printf(arena, "%.*s%s%s%s", (int)(name - options->output), options->output,
                      WRITERS[i].before, name, WRITERS[i].behind);
}

static const char *weights_path(const Options *options, Arena *arena) {
  return arena_printf(arena, "%s.weights", options->output);
}

/* The external weights: the bytes that the host program puts behind atm_env.weights. */
static Status write_weights(Outputs *o) {
  Compilation *c = o->c;
  void *data = malloc(c->blob.bytes + 1);
  if (!data) PANIC("out of memory: %llu bytes of weights", (unsigned long long)c->blob.bytes);
  WeightSource source = weights_source(c->weights);
  Status status = weights_blob_evaluate(&c->blob, &source, data);
  if (!status) {
    status = write_file(o, weights_path(c->options, c->arena), data, c->blob.bytes);
  }
  free(data);
  return status;
}

static Status write_all(Outputs *o) {
  Compilation *c = o->c;
  for (uint32_t i = 0; i < WRITER_COUNT; ++i) {
    if (!is_wanted(&c->options->emit, WRITERS[i].word)) continue;
    RETURN_IF_ERROR(WRITERS[i].write(o, output_path(c->options, i, c->arena)));
  }
  if (o->emit.external_weights) RETURN_IF_ERROR(write_weights(o));
  return atomic_files_commit(o->files);
}

/* `name` as a C identifier: what cannot stand in one becomes `_`. */
static const char *identifier(Arena *arena, const char *name) {
  bool digit = isdigit((unsigned char)name[0]);
  char *text = arena_printf(arena, "%s%s", digit ? "_" : "", name);
  for (char *c = text; *c; ++c) {
    if (!isalnum((unsigned char)*c)) *c = '_';
  }
  return text;
}

static const char *choose_prefix(const Options *options, Arena *arena) {
  return options->prefix ? options->prefix : identifier(arena, base_name(options));
}

Status outputs_check(const Options *options, Arena *arena, Diag *diag) {
  const char *name = base_name(options);
  if (!*name || !strcmp(name, ".") || !strcmp(name, "..")) {
    return diag_usage_error(diag, "--output: \"%s\" has no NAME; write DIR/NAME", options->output);
  }
  const char *prefix = options->prefix;
  if (prefix && (!*prefix || strcmp(identifier(arena, prefix), prefix) != 0)) {
    return diag_usage_error(diag, "--prefix: \"%s\" is not a C identifier", prefix);
  }
  if (options->stop_after) return STATUS_OK;
  for (uint32_t i = 0; i < WRITER_COUNT; ++i) {
    if (!is_wanted(&options->emit, WRITERS[i].word)) continue;
    RETURN_IF_ERROR(output_check(options, arena, diag, output_path(options, i, arena)));
  }
  if (strcmp(options->weights_mode, "external") != 0) return STATUS_OK;
  return output_check(options, arena, diag, weights_path(options, arena));
}

static const uint64_t *nominal_macs(const Compilation *c) {
  uint64_t *macs = ARENA_ARRAY(c->arena, c->resolution_count, uint64_t);
  for (uint32_t i = 0; i < c->resolution_count; ++i) macs[i] = c->resolutions[i].macs;
  return macs;
}

Status outputs_write(Compilation *c) {
  const Options *options = c->options;
  Outputs o = {
      .c = c,
      .files = atomic_files_new(c->arena, c->diag),
      .emit = {.prefix = choose_prefix(options, c->arena),
               .external_weights = !strcmp(options->weights_mode, "external"),
               .macs = nominal_macs(c),
               .class_names = c->model->class_names,
               .class_count = c->model->class_count},
      .name = base_name(options),
      .summary = {.arena = c->arena},
  };
  Status status =
      file_hash(c->arena, c->diag, c->model->text, options->weights, &o.emit.model_hash);
  if (!status) status = write_all(&o);
  atomic_files_discard(o.files);
  free(o.object);
  progress_end(&c->progress);
  if (!status) summary_print(&o.summary, c);
  return status;
}
