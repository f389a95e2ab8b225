/* DWARF (CodeView for the linkers of Microsoft) by LLVM's DIBuilder. Files have no folder, so that
 * an object is the same wherever it is made; debuggers look for them where they run, or where they
 * are told. */
#include "backends/llvm/debug_info.h"

#include <llvm-c/DebugInfo.h>
#include <string.h>

#include "backends/llvm/artifact.h"
#include "ir/text_write.h"
#include "support/panic.h"

/* Every debugger reads it. */
enum { DWARF_VERSION = 4 };

struct DebugInfo {
  const ArtifactSpec *spec;
  Arena *arena;
  LLVMDIBuilderRef builder;
  LLVMMetadataRef **files;          /* [variant][plan] */
  const char *const *const **names; /* [variant]: artifact_kernel_names */
  LLVMMetadataRef type;             /* of functions, of whose parameters nothing is said */
  LLVMMetadataRef scope;            /* the function being emitted */
  LLVMMetadataRef top;              /* its own line */
  const uint32_t *nodes;            /* the lines of the kernel's nodes */
};

/* A plan of the artifact. */
typedef struct PlanAt {
  uint32_t variant, plan;
} PlanAt;

static const Plan *plan_at(const DebugInfo *d, PlanAt at) {
  return d->spec->variants[at.variant].plans[at.plan];
}

static const PlanLines *lines_at(const DebugInfo *d, PlanAt at) {
  return &d->spec->sources[at.variant][at.plan].lines;
}

/* Moves on to the next plan; false behind the last. */
static bool plan_next(const DebugInfo *d, PlanAt *at) {
  if (++at->plan < d->spec->plan_count) return true;
  at->plan = 0;
  return ++at->variant < d->spec->variant_count;
}

static PlanAt find_plan(const DebugInfo *d, const Plan *plan) {
  PlanAt at = {0};
  do {
    if (plan_at(d, at) == plan) return at;
  } while (plan_next(d, &at));
  PANIC("a plan of another artifact");
}

/* The plan that `kernel` is of; *index gets its place there. */
static PlanAt find_kernel(const DebugInfo *d, const PlanKernel *kernel, uint32_t *index) {
  PlanAt at = {0};
  do {
    const Plan *plan = plan_at(d, at);
    for (*index = 0; *index < plan->kernel_count; ++*index) {
      if (&plan->kernels[*index] == kernel) return at;
    }
  } while (plan_next(d, &at));
  PANIC("kernel %s is of another artifact", kernel->name);
}

/* -- names ------------------------------------------------------------------------------------- */

/* Layers whose names were written. */
typedef struct Labels {
  StringBuilder text;
  const char **items;
  uint32_t count, capacity;
} Labels;

static void labels_add(Labels *labels, const char *label) {
  if (!*label) return;
  for (uint32_t i = 0; i < labels->count; ++i) {
    if (strcmp(labels->items[i], label) == 0) return;
  }
  if (labels->count) string_builder_add(&labels->text, ", ");
  text_write_words(label, &labels->text);
  ARENA_PUSH(labels->text.arena, labels->items, labels->count, labels->capacity, label);
}

/* `symbol` and the layers of all steps, of all plans of the variant, that call it. */
static const char *kernel_name(const DebugInfo *d, uint32_t variant, const char *symbol) {
  Labels labels = {.text = {.arena = d->arena}};
  for (PlanAt at = {.variant = variant}; at.plan < d->spec->plan_count; ++at.plan) {
    const Plan *plan = plan_at(d, at);
    for (uint32_t i = 0; i < plan->step_count; ++i) {
      const char *called = d->names[variant][at.plan][plan->steps[i].kernel];
      if (strcmp(called, symbol) == 0) labels_add(&labels, plan->steps[i].label);
    }
  }
  if (!labels.count) return symbol;
  return arena_printf(d->arena, "%s [%s]", symbol, string_builder_text(&labels.text));
}

/* The layers of a step, or its kernel's name. */
static const char *step_name(const DebugInfo *d, const Plan *plan, const Step *step) {
  if (!*step->label) return plan->kernels[step->kernel].name;
  StringBuilder text = {.arena = d->arena};
  text_write_words(step->label, &text);
  return string_builder_text(&text);
}

/* -- the descriptions -------------------------------------------------------------------------- */

/* What the linkers of Microsoft read. */
static bool is_code_view(const TargetInfo *target) {
  return strstr(target->triple, "windows-msvc") != NULL;
}

/* The file that `source` is in, in the folder of whoever looks for it. CodeView puts a separator
 * behind the folder, and so needs one. */
static LLVMMetadataRef file_of(const ModuleContext *m, const DebugInfo *d,
                               const PlanSource *source) {
  const char *folder = is_code_view(m->target) ? "." : "";
  return LLVMDIBuilderCreateFile(d->builder, source->file, strlen(source->file), folder,
                                 strlen(folder));
}

/* The files and the kernels' names of all variants. */
static void name_all(const ModuleContext *m, DebugInfo *d) {
  const ArtifactSpec *spec = d->spec;
  d->files = ARENA_ARRAY(m->arena, spec->variant_count, LLVMMetadataRef *);
  d->names = ARENA_ARRAY(m->arena, spec->variant_count, const char *const *const *);
  for (uint32_t v = 0; v < spec->variant_count; ++v) {
    d->names[v] = artifact_kernel_names(spec, v, m->arena);
    d->files[v] = ARENA_ARRAY(m->arena, spec->plan_count, LLVMMetadataRef);
    for (uint32_t p = 0; p < spec->plan_count; ++p) {
      d->files[v][p] = file_of(m, d, &spec->sources[v][p]);
    }
  }
}

DebugInfo *debug_info_open(ModuleContext *m, const ArtifactSpec *spec) {
  if (!spec->sources) return NULL;
  DebugInfo *d = ARENA_NEW(m->arena, DebugInfo);
  *d = (DebugInfo){.spec = spec, .arena = m->arena, .builder = LLVMCreateDIBuilder(m->module)};
  name_all(m, d);
  static const char producer[] = "atmc"; /* the note has its version */
  LLVMDIBuilderCreateCompileUnit(d->builder, LLVMDWARFSourceLanguageC11, d->files[0][0], producer,
                                 strlen(producer), true, "", 0, 0, "", 0, LLVMDWARFEmissionFull, 0,
                                 true, false, "", 0, "", 0);
  d->type = LLVMDIBuilderCreateSubroutineType(d->builder, d->files[0][0], NULL, 0, LLVMDIFlagZero);
  emit_module_flag(m, "Debug Info Version", LLVMDebugMetadataVersion());
  if (is_code_view(m->target)) {
    emit_module_flag(m, "CodeView", 1);
  } else {
    emit_module_flag(m, "Dwarf Version", DWARF_VERSION);
  }
  return d;
}

void debug_info_close(ModuleContext *m) {
  if (!m->debug) return;
  LLVMDIBuilderFinalize(m->debug->builder);
  LLVMDisposeDIBuilder(m->debug->builder);
}

/* A function that stands at `line` of the plan's text. */
static LLVMMetadataRef describe(DebugInfo *d, PlanAt at, const char *name, uint32_t line) {
  LLVMMetadataRef file = d->files[at.variant][at.plan];
  return LLVMDIBuilderCreateFunction(d->builder, file, name, strlen(name), "", 0, file, line,
                                     d->type, true, true, line, LLVMDIFlagZero, true);
}

/* What is emitted next is of `line` in `scope`, which is inlined at `inlined`, if that is one. */
static LLVMMetadataRef go_to(ModuleContext *m, uint32_t line, LLVMMetadataRef scope,
                             LLVMMetadataRef inlined) {
  LLVMMetadataRef place = LLVMDIBuilderCreateDebugLocation(m->context, line, 0, scope, inlined);
  LLVMSetCurrentDebugLocation2(m->builder, place);
  return place;
}

/* `function`, which is called `name`, begins. */
static void begin(ModuleContext *m, LLVMValueRef function, PlanAt at, const char *name,
                  uint32_t line) {
  DebugInfo *d = m->debug;
  d->scope = describe(d, at, name, line);
  LLVMSetSubprogram(function, d->scope);
  d->top = go_to(m, line, d->scope, NULL);
}

/* The name of a function in the object. */
static const char *symbol_of(LLVMValueRef function) {
  size_t length;
  return LLVMGetValueName2(function, &length);
}

void debug_info_kernel(ModuleContext *m, const PlanKernel *kernel, LLVMValueRef function) {
  DebugInfo *d = m->debug;
  if (!d) return;
  uint32_t index;
  PlanAt at = find_kernel(d, kernel, &index);
  const PlanKernelLines *lines = &lines_at(d, at)->kernels[index];
  d->nodes = lines->nodes;
  begin(m, function, at, kernel_name(d, at.variant, symbol_of(function)), lines->kernel);
}

void debug_info_node(ModuleContext *m, NodeId node) {
  if (m->debug) go_to(m, m->debug->nodes[node.index], m->debug->scope, NULL);
}

void debug_info_entry(ModuleContext *m, const Plan *plan, LLVMValueRef function) {
  DebugInfo *d = m->debug;
  if (d) begin(m, function, find_plan(d, plan), symbol_of(function), 1);
}

void debug_info_step(ModuleContext *m, const Plan *plan, const Step *step) {
  DebugInfo *d = m->debug;
  if (!d) return;
  PlanAt at = find_plan(d, plan);
  uint32_t line = lines_at(d, at)->steps[step - plan->steps];
  go_to(m, line, describe(d, at, step_name(d, plan, step), line), d->top);
}

void debug_info_step_end(ModuleContext *m) {
  if (m->debug) LLVMSetCurrentDebugLocation2(m->builder, m->debug->top);
}

void debug_info_end(ModuleContext *m) {
  if (m->debug) LLVMSetCurrentDebugLocation2(m->builder, NULL);
}
