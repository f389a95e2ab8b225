/* The writers of emit.def's rows. The object is emitted once for all that need it. Nothing appears
 * at its destination before everything is written. */
#include "driver/outputs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "driver/clock.h"
#include "driver/model_hash.h"
#include "driver/output.h"
#include "driver/product_note.h"
#include "driver/sbom.h"
#include "driver/selftest.h"
#include "driver/summary.h"
#include "support/atomic_file.h"
#include "support/memory.h"
#include "support/panic.h"

/* The outputs of one command under way. */
typedef struct Outputs {
  Compilation *c;
  AtomicFiles *files;
  ArtifactSpec spec;
  const char *name;
  Emitted object; /* empty until emitted */
  Summary summary;
} Outputs;

/* Writes the file at `path`. */
typedef Status OutputWriter(Outputs *o, const char *path);

/* -- small pieces ------------------------------------------------------------------------------ */

/* Whether a file may be made at `path`: inputs are looked at once more, since its name may depend
 * on resolutions, and files that the weights name. */
static Status check_path(const Outputs *o, const char *path) {
  const Compilation *c = o->c;
  RETURN_IF_ERROR(output_check(c->options, c->arena, c->diag, path));
  return output_check_parts(c->weights, c->arena, c->diag, path);
}

/* One file under way. */
static Status write_file(Outputs *o, const char *path, const void *data, size_t bytes) {
  double begin = clock_seconds();
  RETURN_IF_ERROR(check_path(o, path));
  RETURN_IF_ERROR(atomic_files_write(o->files, path, data, bytes, false));
  o->c->times.write += clock_seconds() - begin;
  summary_add(&o->summary, path, bytes);
  return STATUS_OK;
}

/* Emits the object, once. */
static Status need_object(Outputs *o) {
  if (o->object.data) return STATUS_OK;
  progress_step(&o->c->progress, "generating code");
  return compilation_emit(o->c, &o->spec, EMIT_OBJECT, &o->object);
}

/* Another form of the code than the object: generated anew. */
static Status write_emitted(Outputs *o, EmitKind kind, const char *path) {
  Emitted text;
  RETURN_IF_ERROR(compilation_emit(o->c, &o->spec, kind, &text));
  Status status = write_file(o, path, text.data, text.bytes);
  free(text.data);
  return status;
}

/* What the C compiler writes, into a temporary that is moved with all others. */
static Status write_linked(Outputs *o, LinkKind kind, const char *path) {
  RETURN_IF_ERROR(need_object(o));
  const char *temporary;
  RETURN_IF_ERROR(atomic_files_reserve(o->files, path, &temporary));
  RETURN_IF_ERROR(link_artifact(kind, &o->spec, &o->object, temporary, o->c->arena, o->c->diag));
  summary_add(&o->summary, path, summary_file_size(temporary));
  return STATUS_OK;
}

/* -- one writer for each word of --emit -------------------------------------------------------- */

static Status write_object(Outputs *o, const char *path) {
  RETURN_IF_ERROR(need_object(o));
  return write_file(o, path, o->object.data, o->object.bytes);
}

static Status write_header(Outputs *o, const char *path) {
  const char *text = header_write(&o->spec, o->c->arena);
  return write_file(o, path, text, strlen(text));
}

/* An archive with the object as its only member, and the symbols that a linker looks for in it. */
static Status write_library(Outputs *o, const char *path) {
  RETURN_IF_ERROR(need_object(o));
  Compilation *c = o->c;
  ArchiveMember member = {.name = arena_printf(c->arena, "%s.o", o->name),
                          .data = o->object.data,
                          .bytes = o->object.bytes};
  member.symbols = artifact_symbols(&o->spec, c->arena, &member.symbol_count);
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

static Status write_wasm(Outputs *o, const char *path) {
  return write_linked(o, LINK_WASM, path);
}

static Status write_asm(Outputs *o, const char *path) {
  return write_emitted(o, EMIT_ASM, path);
}

static Status write_llvm_ir(Outputs *o, const char *path) {
  return write_emitted(o, EMIT_LLVM_IR, path);
}

/* Appends the text of resolution `i` of a variant. */
typedef void TextPrinter(const Variant *variant, uint32_t i, StringBuilder *text);

/* `path` where there are one variant and one resolution; else NAME_v3_224x224.ir and the like. */
static const char *text_path(const Outputs *o, const char *path, uint32_t v, uint32_t i) {
  Arena *arena = o->c->arena;
  const char *dot = strrchr(path, '.');
  if (o->spec.plan_count == 1) {
    return arena_printf(arena, "%.*s%s%s", (int)(dot - path), path,
                        artifact_variant_suffix(&o->spec, v, arena), dot);
  }
  return arena_printf(arena, "%.*s%s%s%s", (int)(dot - path), path,
                      artifact_variant_suffix(&o->spec, v, arena),
                      artifact_suffix(&o->spec, i, arena), dot);
}

/* One file for each resolution of each variant. */
static Status write_texts(Outputs *o, const char *path, TextPrinter *print) {
  for (uint32_t v = 0; v < o->c->variant_count; ++v) {
    for (uint32_t i = 0; i < o->c->resolution_count; ++i) {
      StringBuilder text = {.arena = o->c->arena};
      print(&o->c->variants[v], i, &text);
      RETURN_IF_ERROR(
          write_file(o, text_path(o, path, v, i), string_builder_text(&text), text.length));
    }
  }
  return STATUS_OK;
}

static void print_ir(const Variant *variant, uint32_t i, StringBuilder *text) {
  graph_print(variant->resolutions[i].graph, text);
}

static void print_plan(const Variant *variant, uint32_t i, StringBuilder *text) {
  plan_print(variant->plans[i], text);
}

static Status write_ir(Outputs *o, const char *path) {
  return write_texts(o, path, print_ir);
}

static Status write_plan(Outputs *o, const char *path) {
  return write_texts(o, path, print_plan);
}

static Status write_binding(Outputs *o, const char *file, const char *path) {
  const char *text = binding_write(&o->spec, file, o->c->arena);
  return write_file(o, path, text, strlen(text));
}

static Status write_cxx(Outputs *o, const char *path) {
  return write_binding(o, "model.hpp", path);
}

static Status write_python(Outputs *o, const char *path) {
  return write_binding(o, "model.py", path);
}

static Status write_rust(Outputs *o, const char *path) {
  return write_binding(o, "model.rs", path);
}

static Status write_javascript(Outputs *o, const char *path) {
  return write_binding(o, "model.mjs", path);
}

/* A bill of what all outputs before this are made from. */
static Status write_sbom(Outputs *o, const char *path) {
  uint32_t count = o->summary.count;
  SbomFile *files = ARENA_ARRAY(o->c->arena, count, SbomFile);
  for (uint32_t i = 0; i < count; ++i) {
    const char *final = o->summary.files[i].path;
    files[i] = (SbomFile){final, atomic_files_temporary(o->files, final)};
  }
  const char *text = NULL;
  RETURN_IF_ERROR(sbom_write(o->c, &o->spec, files, count, &text));
  return write_file(o, path, text, strlen(text));
}

/* Adds a file's name as make and ninja read it. */
static void add_name(StringBuilder *text, const char *name) {
  for (const char *c = name; *c; ++c) {
    if (strchr(" #", *c)) string_builder_add(text, "\\");
    if (*c == '$') string_builder_add(text, "$");
    string_builder_printf(text, "%c", *c);
  }
}

/* The rule of make that says what all outputs before this are made from. */
static Status write_dependencies(Outputs *o, const char *path) {
  const Options *options = o->c->options;
  StringBuilder text = {.arena = o->c->arena};
  for (uint32_t i = 0; i < o->summary.count; ++i) {
    if (i) string_builder_add(&text, " \\\n ");
    add_name(&text, o->summary.files[i].path);
  }
  string_builder_add(&text, ":");
  const char *fixed[] = {options->argument, options->weights};
  for (uint32_t i = 0; i < 2 + options->from_plan.count; ++i) {
    string_builder_add(&text, " \\\n  ");
    add_name(&text, i < 2 ? fixed[i] : options->from_plan.items[i - 2]);
  }
  const char *const *parts;
  uint32_t part_count = weights_parts(o->c->weights, &parts);
  for (uint32_t i = 0; i < part_count; ++i) {
    string_builder_add(&text, " \\\n  ");
    add_name(&text, parts[i]);
  }
  string_builder_add(&text, "\n");
  return write_file(o, path, string_builder_text(&text), text.length);
}

static const struct {
  const char *word, *before, *behind; /* of the name */
  OutputWriter *write;
} WRITERS[] = {
#define EMIT(word, before, behind, write) {word, before, behind, write},
#include "driver/emit.def"
};
enum { WRITER_COUNT = sizeof WRITERS / sizeof *WRITERS };

/* The part of a path behind its last slash. */
static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* -- the whole --------------------------------------------------------------------------------- */

/* --emit has the word, or another option adds it. */
static bool is_wanted(const Options *options, const char *word) {
  for (uint32_t i = 0; i < options->emit.count; ++i) {
    if (!strcmp(options->emit.items[i], word)) return true;
  }
  if (options->debug_info && !strcmp(word, "plan")) return true;
  return options->depfile && !strcmp(word, "dep");
}

/* The file of writer `i`. */
static const char *output_path(const Options *options, uint32_t i, Arena *arena) {
  const char *name = base_name(options->output);
  return arena_printf(arena, "%.*s%s%s%s", (int)(name - options->output), options->output,
                      WRITERS[i].before, name, WRITERS[i].behind);
}

/* Where the text of each plan is going to stand: [variant][resolution]. */
static const PlanSource *const *plan_sources(const Outputs *o) {
  Compilation *c = o->c;
  uint32_t row = 0;
  while (WRITERS[row].write != write_plan) ++row;
  const char *path = output_path(c->options, row, c->arena);
  PlanSource **sources = ARENA_ARRAY(c->arena, c->variant_count, PlanSource *);
  for (uint32_t v = 0; v < c->variant_count; ++v) {
    sources[v] = ARENA_ARRAY(c->arena, c->resolution_count, PlanSource);
    for (uint32_t i = 0; i < c->resolution_count; ++i) {
      StringBuilder text = {.arena = c->arena};
      sources[v][i].file = base_name(text_path(o, path, v, i));
      plan_print_lines(c->variants[v].plans[i], &text, &sources[v][i].lines);
    }
  }
  return (const PlanSource *const *)sources;
}

/* Of external weights. */
static const char *weights_path(const Options *options, Arena *arena) {
  return arena_printf(arena, "%s.weights", options->output);
}

/* The external weights: the bytes that the host program puts behind atm_env.weights, their header
 * first. */
static Status write_weights(Outputs *o) {
  Compilation *c = o->c;
  const char *path = weights_path(c->options, c->arena);
  WeightSource source = weights_source(c->weights);
  double begin = clock_seconds();
  Status status = check_path(o, path);
  if (!status) status = atomic_files_begin(o->files, path, false);
  atm_weights_header header = weights_blob_header(&c->blob);
  if (!status && c->blob.count) status = atomic_files_append(o->files, &header, sizeof header);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < c->blob.count && !status; ++i) { /* one at a time is in memory */
    uint64_t bytes = weights_blob_room(&c->blob, i);
    void *data = memory_new(bytes, 1, "weights");
    status = weights_blob_write(&c->blob, i, &source, data, &sum);
    if (!status) status = atomic_files_append(o->files, data, bytes);
    free(data);
  }
  if (!status) status = atomic_files_end(o->files);
  c->times.write += clock_seconds() - begin;
  if (!status) summary_add(&o->summary, path, c->blob.bytes);
  return status;
}

/* The files appear behind everything that could fail: what is said of them is ready by then. */
static Status commit(Outputs *o) {
  const char *text = summary_text(&o->summary, o->c, &o->spec, &o->object);
  progress_end(&o->c->progress);
  summary_warn_isa(o->c);
  RETURN_IF_ERROR(output_commit(o->files, o->c->diag));
  fputs(text, stderr);
  return STATUS_OK;
}

/* Every file that was asked for, in the order of emit.def; they appear together, or none does. */
static Status write_all(Outputs *o) {
  Compilation *c = o->c;
  if (o->spec.external_weights) RETURN_IF_ERROR(write_weights(o));
  for (uint32_t i = 0; i < WRITER_COUNT; ++i) {
    if (!is_wanted(c->options, WRITERS[i].word)) continue;
    RETURN_IF_ERROR(WRITERS[i].write(o, output_path(c->options, i, c->arena)));
  }
  return commit(o);
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

/* --prefix, else what --output is called. */
static const char *choose_prefix(const Options *options, Arena *arena) {
  return options->prefix ? options->prefix : identifier(arena, base_name(options->output));
}

/* Objects fit every libc; the C compilers that we know by name link with glibc. */
static Status check_libc(const Options *options, Diag *diag) {
  const char *target = options->target ? options->target : "", *compiler = getenv("CC");
  bool linked = is_wanted(options, "exe") || is_wanted(options, "shared");
  bool foreign = strstr(target, "musl") || strstr(target, "android") || strstr(target, "uclibc");
  if (!linked || !foreign || (compiler && *compiler)) return STATUS_OK;
  return diag_usage_error(diag,
                          "--emit: programs and shared libraries for %s need a C compiler for "
                          "it (set CC)",
                          target);
}

Status outputs_check(const Options *options, Arena *arena, Diag *diag) {
  const char *name = base_name(options->output);
  if (!*name || !strcmp(name, ".") || !strcmp(name, "..")) {
    return diag_usage_error(diag, "--output: \"%s\" has no NAME; write DIR/NAME", options->output);
  }
  const char *prefix = options->prefix;
  if (prefix && (!*prefix || strcmp(identifier(arena, prefix), prefix) != 0)) {
    return diag_usage_error(diag, "--prefix: \"%s\" is not a C identifier", prefix);
  }
  if (!strcasecmp(choose_prefix(options, arena), "atm")) {
    return diag_usage_error(diag, "--prefix: names that begin with atm_ are the runtime's");
  }
  if (options->stop_after) return STATUS_OK;
  RETURN_IF_ERROR(check_libc(options, diag));
  for (uint32_t i = 0; i < WRITER_COUNT; ++i) {
    if (!is_wanted(options, WRITERS[i].word)) continue;
    RETURN_IF_ERROR(output_check(options, arena, diag, output_path(options, i, arena)));
  }
  if (strcmp(options->weights_mode, "external") != 0) return STATUS_OK;
  return output_check(options, arena, diag, weights_path(options, arena));
}

Status outputs_check_target(const Options *options, const TargetInfo *target, Diag *diag) {
  static const struct {
    const char *word;
    ObjectFormat format;
    const char *system;
  } linked[] = {{"lib", FORMAT_ELF, "Linux"},
                {"shared", FORMAT_ELF, "Linux"},
                {"exe", FORMAT_ELF, "Linux"},
                {"wasm", FORMAT_WASM, "WebAssembly"},
                {"javascript", FORMAT_WASM, "WebAssembly"}};
  if (options->stop_after) return STATUS_OK;
  for (size_t i = 0; i < sizeof linked / sizeof *linked; ++i) {
    if (target->format == linked[i].format || !is_wanted(options, linked[i].word)) continue;
    bool module = target->format == FORMAT_WASM;
    return diag_usage_error(diag, "--emit=%s: made for %s alone; for %s there is --emit=obj%s",
                            linked[i].word, linked[i].system, target->triple,
                            module ? ",wasm,javascript" : "");
  }
  return STATUS_OK;
}

Status outputs_write(Compilation *c) {
  const Options *options = c->options;
  WeightSource source = weights_source(c->weights);
  Outputs o = {
      .c = c,
      .files = atomic_files_new(c->arena, c->diag),
      .spec = compilation_artifact(c, &source),
      .name = base_name(options->output),
      .summary = {.arena = c->arena},
  };
  o.spec.prefix = choose_prefix(options, c->arena);
  o.spec.name = o.name;
  o.spec.external_weights = !strcmp(options->weights_mode, "external");
  o.spec.class_names = c->model->class_names;
  o.spec.class_count = c->model->class_count;
  c->blob.model = model_hash(c->model, c->weights);
  o.spec.model_hash = arena_printf(c->arena, "%016llx", (unsigned long long)c->blob.model);
  o.spec.note = product_note(c, &o.spec);
  if (options->debug_info) o.spec.sources = plan_sources(&o);
  Status status = options->selftest ? selftest_record(c, &o.spec.selftest) : STATUS_OK;
  if (!status) status = write_all(&o);
  atomic_files_discard(o.files);
  progress_end(&c->progress);
  free(o.object.data);
  return status;
}
