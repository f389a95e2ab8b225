/* Constants of a model that published weights hold all the same, as the offsets of CycleMLP: they
 * are left out, but other numbers than the model's would be another model. */
#include <inttypes.h>
#include <string.h>

#include "frontend/weights.h"
#include "support/panic.h"

static void check_values(const Weights *weights, const WeightConstant *constant, size_t count,
                         ErrorList *errors) {
  WeightSource source = weights_source(weights);
  double *expected = ARENA_ARRAY(weights->arena, count, double);
  double *found = ARENA_ARRAY(weights->arena, count, double);
  CHECK(recipe_evaluate(constant->value, &source, expected) == STATUS_OK);
  CHECK(source.read(source.context, constant->name, found, count) == STATUS_OK);
  for (size_t i = 0; i < count; ++i) {
    if (found[i] == expected[i]) continue;
    error_list_add(errors, diag_file(weights->path),
                   "tensor %s: element %zu is %g, but the layer fixes it at %g (layer at %s:%u)",
                   error_list_quote(weights->arena, constant->name), i, found[i], expected[i],
                   constant->position.file, constant->position.line);
    return;
  }
}

static void check(const Weights *weights, const WeightConstant *constant, ErrorList *errors) {
  uint32_t index;
  if (!name_table_find(&weights->names, constant->name, &index)) return;
  const FileTensor *tensor = &weights->tensors[index];
  Type type = constant->value->type;
  if (tensor->problem || !tensor->element->bindable) return;
  bool same = tensor->rank == type.rank;
  for (uint32_t d = 0; same && d < tensor->rank; ++d) same = tensor->dims[d] == type.dims[d];
  if (same) {
    check_values(weights, constant, (tensor->end - tensor->begin) / tensor->element->bytes, errors);
    return;
  }
  error_list_add(errors, diag_file(weights->path),
                 "tensor %s has shape %s, expected %s (layer at %s:%u)",
                 error_list_quote(weights->arena, constant->name),
                 weights_shape_text(weights->arena, tensor->rank, tensor->dims),
                 weights_shape_text(weights->arena, type.rank, type.dims), constant->position.file,
                 constant->position.line);
}

void weights_check_constants(const Weights *weights, const Model *model, ErrorList *errors) {
  for (uint32_t i = 0; i < model->constant_count; ++i) {
    check(weights, &model->constants[i], errors);
  }
}
