/* PREFIX_model() and the constant atm_model behind it, laid out as runtime/atm_runtime.h says.
 *
 *   atm_model -> atm_entry[plan_count] -> atm_tensor[], for inputs and for outputs
 *             -> atm_variant[variant_count]
 *             -> names of classes
 *             -> atm_pixels[], for inputs
 *             -> PREFIX_run_strided_HxW[plan_count], only where inputs take bytes
 *
 * Texts and tables are private constants of their own; only the function's name is exported.
 */
#include <string.h>

#include "backends/llvm/artifact.h"
#include "runtime/atm_runtime.h"
#include "support/panic.h"

/* Of atm_model, with `strided` and without, on targets with long pointers and with short ones. */
enum { MODEL_BYTES = 112, NARROW_MODEL_BYTES = 80 };
enum { SHORT_MODEL_BYTES = 104, NARROW_SHORT_MODEL_BYTES = 72 };
_Static_assert(sizeof(atm_tensor) == 40 && sizeof(atm_entry) == 48 &&
                   sizeof(atm_model) == MODEL_BYTES && sizeof(atm_variant) == 16 &&
                   offsetof(atm_model, strided) == SHORT_MODEL_BYTES && sizeof(atm_pixels) == 16,
               "the structures below have the fields of the header");

/* A uint32_t field. What does not fit is our bug. */
static LLVMValueRef number32(Artifact *a, uint64_t value) {
  CHECK(value <= UINT32_MAX);
  return LLVMConstInt(a->m->i32, value, 0);
}

static LLVMValueRef number64(Artifact *a, uint64_t value) {
  return LLVMConstInt(a->m->i64, value, 0);
}

/* A size_t field. */
static LLVMValueRef number_size(Artifact *a, uint64_t value) {
  return a->m->target->is_narrow ? number32(a, value) : number64(a, value);
}

/* A constant structure with C's padding between its fields. */
static LLVMValueRef structure(Artifact *a, LLVMValueRef *fields, uint32_t count) {
  return LLVMConstStructInContext(a->m->context, fields, count, 0);
}

/* A pointer to a constant with the bytes of `string` and a 0. Equal texts may be merged. */
static LLVMValueRef text(Artifact *a, const char *string) {
  LLVMValueRef bytes = LLVMConstStringInContext2(a->m->context, string, strlen(string), 0);
  LLVMValueRef global = artifact_constant(a, "text", bytes);
  LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
  return global;
}

/* A constant array of `count` elements that are all of one type; NULL when it is empty. */
static LLVMValueRef array(Artifact *a, LLVMValueRef *elements, uint32_t count) {
  if (!count) return LLVMConstNull(a->m->ptr);
  return artifact_constant(a, "table", LLVMConstArray2(LLVMTypeOf(elements[0]), elements, count));
}

/* Dimensions in the caller's order. */
static LLVMValueRef tensor(Artifact *a, const PlanTensor *t) {
  static const uint32_t nchw[] = {0, 3, 1, 2};
  bool map = t->type.rank == 4;
  LLVMValueRef dims[4];
  for (uint32_t i = 0; i < 4; ++i) {
    uint32_t from = map && t->nchw ? nchw[i] : i;
    dims[i] = number32(a, i < t->type.rank ? (uint64_t)t->type.dims[from] : 0);
  }
  LLVMValueRef fields[] = {text(a, t->name),
                           text(a, !map      ? "nc"
                                   : t->nchw ? "nchw"
                                             : "nhwc"),
                           number32(a, artifact_dtype(t->type.dtype)), number32(a, t->type.rank),
                           LLVMConstArray2(a->m->i32, dims, 4)};
  return structure(a, fields, 5);
}

static LLVMValueRef tensors(Artifact *a, const PlanTensor *list, uint32_t count) {
  LLVMValueRef *elements = ARENA_ARRAY(a->arena, count, LLVMValueRef);
  for (uint32_t i = 0; i < count; ++i) elements[i] = tensor(a, &list[i]);
  return array(a, elements, count);
}

/* Of one call: what the model's ops take as they were written, if the driver counted them, else
 * what the steps take. */
static uint64_t nominal_macs(const Artifact *a, uint32_t index) {
  if (a->spec->macs) return a->spec->macs[index];
  const Plan *plan = a->spec->variants[0].plans[index];
  uint64_t macs = 0;
  for (uint32_t i = 0; i < plan->step_count; ++i) macs += plan->steps[i].macs;
  return macs * plan->rounds;
}

/* The atm_entry of resolution `index`. Tensors are the same in all variants, and workspaces the
 * largest. */
static LLVMValueRef entry(Artifact *a, uint32_t index) {
  const Plan *plan = a->spec->variants[0].plans[index];
  ArtifactWorkspace workspace = artifact_workspace(a->spec, index);
  LLVMValueRef fields[] = {a->entries[index],
                           tensors(a, plan->inputs, plan->input_count),
                           tensors(a, plan->outputs, plan->output_count),
                           number_size(a, workspace.base),
                           number_size(a, workspace.scratch),
                           number64(a, nominal_macs(a, index))};
  return structure(a, fields, 6);
}

static LLVMValueRef entries(Artifact *a) {
  LLVMValueRef *elements = ARENA_ARRAY(a->arena, a->spec->plan_count, LLVMValueRef);
  for (uint32_t i = 0; i < a->spec->plan_count; ++i) elements[i] = entry(a, i);
  return array(a, elements, a->spec->plan_count);
}

static LLVMValueRef variants(Artifact *a) {
  LLVMValueRef *elements = ARENA_ARRAY(a->arena, a->spec->variant_count, LLVMValueRef);
  for (uint32_t v = 0; v < a->spec->variant_count; ++v) {
    const TargetInfo *target = a->spec->variants[v].target;
    LLVMValueRef fields[] = {text(a, target->name), number64(a, target->isa_bits)};
    elements[v] = structure(a, fields, 2);
  }
  return array(a, elements, a->spec->variant_count);
}

static LLVMValueRef classes(Artifact *a) {
  uint32_t count = a->spec->class_count;
  LLVMValueRef *elements = ARENA_ARRAY(a->arena, count, LLVMValueRef);
  for (uint32_t i = 0; i < count; ++i) elements[i] = text(a, a->spec->class_names[i]);
  return array(a, elements, count);
}

/* How each input takes photos. */
static LLVMValueRef pixels(Artifact *a, uint32_t count) {
  LLVMValueRef *elements = ARENA_ARRAY(a->arena, count, LLVMValueRef);
  for (uint32_t i = 0; i < count; ++i) {
    Pixels p = a->spec->pixels ? a->spec->pixels[i] : (Pixels){0};
    uint32_t order = !p.declared ? 0 : p.reversed ? ATM_ORDER_BGR : ATM_ORDER_RGB;
    bool resized = p.declared && p.resize_to;
    LLVMValueRef fields[] = {number32(a, order), number32(a, resized ? p.resize_to : 0),
                             number32(a, resized ? p.crop : 0),
                             number32(a, resized ? (uint64_t)p.filter : 0)};
    elements[i] = structure(a, fields, 4);
  }
  return array(a, elements, count);
}

/* atm_model.size. Models whose inputs take no bytes end before `strided`, as they did before there
 * was such a field. */
static uint64_t model_bytes(const Artifact *a) {
  bool narrow = a->m->target->is_narrow;
  if (artifact_takes_strides(a->spec)) return narrow ? NARROW_MODEL_BYTES : MODEL_BYTES;
  return narrow ? NARROW_SHORT_MODEL_BYTES : SHORT_MODEL_BYTES;
}

void metadata_emit(Artifact *a) {
  const Plan *plan = a->spec->variants[0].plans[0];
  bool strided = artifact_takes_strides(a->spec);
  a->entry_table = entries(a);
  LLVMValueRef fields[] = {number32(a, ATM_ABI_VERSION),
                           number32(a, plan->input_count),
                           number32(a, plan->output_count),
                           number32(a, a->spec->plan_count),
                           number32(a, a->spec->variant_count),
                           number32(a, a->spec->class_count),
                           text(a, plan->model),
                           text(a, plan->target->triple),
                           text(a, a->spec->model_hash ? a->spec->model_hash : ""),
                           a->entry_table,
                           variants(a),
                           classes(a),
                           number64(a, a->spec->external_weights ? a->spec->blob->bytes : 0),
                           text(a, artifact_arithmetic(a->spec)),
                           number32(a, a->spec->image_input),
                           number32(a, model_bytes(a)),
                           pixels(a, plan->input_count),
                           strided ? array(a, a->strided, a->spec->plan_count) : NULL};
  uint32_t count = sizeof fields / sizeof *fields - !strided;
  LLVMValueRef model = artifact_constant(a, "metadata", structure(a, fields, count));
  artifact_function(a, "model", LLVMFunctionType(a->m->ptr, NULL, 0, 0), true);
  LLVMBuildRet(a->m->builder, model);
}
