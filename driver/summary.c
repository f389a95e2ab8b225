/* What `compile` tells of its results. */
#include "driver/summary.h"

#include <sys/stat.h>

#include "driver/units.h"
#include "runtime/atm_runtime.h"

void summary_add(Summary *summary, const char *path, uint64_t bytes) {
  SummaryFile file = {path, bytes};
  ARENA_PUSH(summary->arena, summary->files, summary->count, summary->capacity, file);
}

uint64_t summary_file_size(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

/* The code that resolution `i` adds to those before it, where there are several; `added` NULL: none
 * was made. */
static const char *added_text(const Compilation *c, const uint64_t *added, uint32_t i) {
  char size[UNITS_TEXT_MAX];
  if (!added || c->resolution_count == 1) return "";
  return arena_printf(c->arena, ", code %s %s", units_bytes(added[i], size), i ? "added" : "alone");
}

static void add_resolution(StringBuilder *text, const Compilation *c, const Resolution *r,
                           const char *added) {
  char macs[UNITS_TEXT_MAX], base[UNITS_TEXT_MAX], scratch[UNITS_TEXT_MAX];
  const Plan *plan = r->plan;
  string_builder_printf(
      text,
      "  %-18s %s multiply-adds, %u steps of %u kernels, workspace %s + %s for each further "
      "thread%s\n",
      shapes_format(r->shape, c->arena), units_count(r->macs, macs), plan->step_count,
      plan->kernel_count, units_bytes(plan->workspace_base, base),
      units_bytes(plan->scratch_bytes, scratch), added);
}

/* The size of the code that is the variant's alone. */
static void add_variant(StringBuilder *text, const Compilation *c, const ArtifactSpec *spec,
                        uint32_t v, const Emitted *object) {
  char size[UNITS_TEXT_MAX];
  string_builder_printf(text, "  %-18s code %s\n", spec->variants[v].target->name,
                        units_bytes(llvm_code_bytes(spec, v, object, c->arena), size));
}

/* What the function with the largest frame takes of the stack. */
static void add_frame(StringBuilder *text, const Emitted *object) {
  if (!object->frame_of) return;
  string_builder_printf(text, "  %-18s at most %llu bytes in a frame, of %s\n", "stack",
                        (unsigned long long)object->frame, object->frame_of);
}

const char *summary_text(const Summary *summary, const Compilation *c, const ArtifactSpec *spec,
                         const Emitted *object) {
  char size[UNITS_TEXT_MAX];
  const CompileTimes *t = &c->times;
  StringBuilder text = {.arena = summary->arena};
  string_builder_printf(&text, "%s for", c->model->name);
  for (uint32_t v = 0; v < c->variant_count; ++v) {
    string_builder_printf(&text, "%s %s", v ? "," : "", c->variants[v].target->name);
  }
  string_builder_printf(&text, ", weights %s as %s\n", units_bytes(c->blob.bytes, size),
                        compilation_weights_text(c));
  for (uint32_t v = 0; v < c->variant_count; ++v) {
    bool known = object->data && llvm_knows_code(spec);
    const uint64_t *added = known ? llvm_added_bytes(spec, v, object, c->arena) : NULL;
    if (known) add_variant(&text, c, spec, v, object);
    for (uint32_t i = 0; i < c->resolution_count; ++i) {
      add_resolution(&text, c, &c->variants[v].resolutions[i], added_text(c, added, i));
    }
  }
  if (object->data) add_frame(&text, object);
  for (uint32_t i = 0; i < summary->count; ++i) {
    string_builder_printf(&text, "  %-18s %s\n", summary->files[i].path,
                          units_bytes(summary->files[i].bytes, size));
  }
  string_builder_printf(
      &text, "  %.2f s: reading %.2f, passes %.2f, code and weights %.2f, writing %.2f\n",
      t->read + t->passes + t->emit + t->write, t->read, t->passes, t->emit, t->write);
  return string_builder_text(&text);
}

void summary_warn_isa(const Compilation *c) {
  const Options *options = c->options;
  if (options->isa || options->cpu || options->target || options->from_plan.count) return;
  if (c->variants[0].target->isa_bits & ~atm_cpu_isa()) {
    diag_warning(c->diag, (Position){0},
                 "the code is for %s, which this machine (%s) lacks (choose with --isa)",
                 c->variants[0].target->name, target_host_cpu(c->arena));
    return;
  }
  diag_warning(c->diag, (Position){0},
               "%s is what this machine (%s) has; other machines may lack it (choose with --isa)",
               c->variants[0].target->name, target_host_cpu(c->arena));
}
