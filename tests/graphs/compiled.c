/* The driver's route (driver/compile.c) without files. */
#include "tests/graphs/compiled.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/checked_math.h"
#include "support/sanitized.h"

enum { MOST_FRAME = 8192 };

_Noreturn static void stop(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

/* Both halves of the pipeline; every graph in between is sound. */
static const Graph *run_passes(PassContext context, const Subject *subject, const Build *build) {
  PassOptions options = {.disabled = build->off,
                         .disabled_count = build->off_count,
                         .verify_each = true,
                         .stream = stderr};
  const Graph *graph = subject->graph;
  bool stopped;
  if (manager_run(&context, &options, pipeline_passes(PIPELINE_ONCE), graph, &graph, &stopped)) {
    stop("the passes that run once fail");
  }
  context.input_types = subject->types;
  context.input_count = subject->input_count;
  if (manager_run(&context, &options, pipeline_passes(PIPELINE_PER_RESOLUTION), graph, &graph,
                  &stopped)) {
    stop("the passes for a resolution fail");
  }
  return graph;
}

static void load(Compiled *c, const char *prefix, Diag *diag) {
  if (llvm_load(c->object.data, c->object.bytes, diag, &c->loaded)) stop("it cannot be loaded");
  const atm_model *(*model)(void) = (const atm_model *(*)(void))(uintptr_t)llvm_symbol(
      c->loaded, arena_printf(c->arena, "%s_model", prefix));
  c->model = model();
}

void compiled_new(Compiled *c, const Subject *subject, const Build *build, const char *prefix) {
  *c = (Compiled){.arena = arena_new()};
  Diag diag = {.stream = stderr};
  const TargetRequest request = {.isa = build->isa};
  const TargetRequest arm = {.triple = "aarch64-linux-gnu"};
  const TargetInfo *target = target_choose(build->isa ? &request : &arm, c->arena, &diag);
  if (!target) stop("no target");
  PassContext context = {.arena = c->arena,
                         .diag = &diag,
                         .target = target,
                         .weights_dtype = build->half ? DTYPE_F16 : DTYPE_F32,
                         .quantize = build->quantize};
  c->after = run_passes(context, subject, build);
  if (plan_build(&context, c->after, &c->plan)) stop("no plan");
  c->blob = weights_blob_layout(c->arena, &c->plan, 1);
  ArtifactVariant variant = {c->plan->target, &c->plan};
  /* Of x86-64 that this machine lacks, LLVM checks the module: machine code would take the time. */
  bool other = build->isa && target->isa_bits & ~atm_cpu_isa();
  ArtifactSpec spec = {.prefix = prefix,
                       .variants = &variant,
                       .variant_count = 1,
                       .plan_count = 1,
                       .blob = &c->blob,
                       .source = &trial_weights,
                       .external_weights = true,
                       .unoptimized = build->unoptimized || other,
                       .sanitized = SANITIZED && build->isa && !other};
  EmitKind kind = other ? EMIT_LLVM_IR : EMIT_OBJECT;
  if (llvm_emit(&spec, kind, c->arena, &diag, &c->object)) stop("no code");
  if (!spec.unoptimized && !spec.sanitized && c->object.frame > MOST_FRAME) stop("a large frame");
  c->weights = aligned_alloc(128, round_up_size(c->blob.bytes + 1, 128));
  if (!c->weights || weights_blob_evaluate(&c->blob, &trial_weights, c->weights)) {
    stop("no weights");
  }
  if (build->isa && !other) load(c, prefix, &diag);
}

static bool kernels_have(const Compiled *c, OpKind op) {
  for (uint32_t i = 0; i < c->plan->kernel_count; ++i) {
    if (graph_has_op(c->plan->kernels[i].body, op)) return true;
  }
  return false;
}

bool compiled_is_quantized(const Compiled *c) {
  return kernels_have(c, OP_QUANTIZED_LINEAR) || kernels_have(c, OP_SCALED_LINEAR);
}

bool compiled_is_rounded(const Compiled *c) {
  for (uint32_t i = 0; i < c->plan->weight_count; ++i) {
    if (c->plan->weights[i]->type.dtype != DTYPE_F32) return true;
  }
  return false;
}

void compiled_free(Compiled *c) {
  llvm_unload(c->loaded);
  free(c->object.data);
  free(c->weights);
  arena_free(c->arena);
}
