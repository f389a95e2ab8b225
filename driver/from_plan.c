/* A plan from a file, instead of what passes choose (--from-plan). plan_parse checks that it is a
 * sound plan; here it is compared with the model: inputs, outputs, and the tensors that its weights
 * are of. */
#include "driver/from_plan.h"

#include <string.h>

#include "support/atomic_file.h"

enum { PLAN_MAX_BYTES = 64 << 20 };

Status from_plan_open(Compilation *c) {
  const TextList *files = &c->options->from_plan;
  c->plan_texts = ARENA_ARRAY(c->arena, files->count, char *);
  for (uint32_t i = 0; i < files->count; ++i) {
    size_t bytes;
    RETURN_IF_ERROR(atomic_file_read(c->arena, c->diag, files->items[i], PLAN_MAX_BYTES,
                                     &c->plan_texts[i], &bytes));
  }
  return STATUS_OK;
}

const char *from_plan_isa(const Compilation *c) {
  const Options *options = c->options;
  if (!options->from_plan.count || options->isa || options->cpu) return options->isa;
  const char *name = plan_parse_target(c->arena, c->plan_texts[0]);
  const TargetInfo *target = name ? target_find(name, options->target) : NULL;
  return target ? target->name : NULL;
}

Status from_plan_check(const Compilation *c, const ShapeList *shapes) {
  uint32_t files = c->options->from_plan.count;
  if (c->variant_count > 1) {
    return diag_usage_error(c->diag,
                            "--from-plan: a plan is for one instruction set, --isa names %u",
                            c->variant_count);
  }
  if (files == shapes->count) return STATUS_OK;
  return diag_usage_error(c->diag, "--from-plan: %u plans for %u resolutions", files,
                          shapes->count);
}

/* -- inputs and outputs ------------------------------------------------------------------------ */

/* Name, type and layout are the model's. */
static Status check_tensor(const Compilation *c, const char *path, const char *what,
                           const PlanTensor *plan, const PlanTensor *model) {
  char gets[TYPE_TEXT_MAX], wants[TYPE_TEXT_MAX];
  if (strcmp(plan->name, model->name) == 0 && plan->nchw == model->nchw &&
      type_equal(plan->type, model->type)) {
    return STATUS_OK;
  }
  return diag_error(c->diag, diag_file(path),
                    "the plan's %s \"%s\" is %s%s; the model's is \"%s\", %s%s", what, plan->name,
                    type_format(plan->type, gets), plan->nchw ? " in nchw" : "", model->name,
                    type_format(model->type, wants), model->nchw ? " in nchw" : "");
}

static Status check_inputs(const Compilation *c, const char *path, const Plan *plan,
                           const Graph *source) {
  uint32_t count = graph_inputs(source, NULL, 0);
  NodeId *nodes = ARENA_ARRAY(c->arena, count, NodeId);
  graph_inputs(source, nodes, count);
  if (plan->input_count != count) {
    return diag_error(c->diag, diag_file(path), "the plan has %u inputs, the model %u",
                      plan->input_count, count);
  }
  for (uint32_t i = 0; i < count; ++i) {
    const Node *node = graph_node(source, nodes[i]);
    PlanTensor model = {node->attrs.INPUT.name, node->attrs.INPUT.declared,
                        node->attrs.INPUT.nchw != 0};
    RETURN_IF_ERROR(check_tensor(c, path, "input", &plan->inputs[i], &model));
  }
  return STATUS_OK;
}

static Status check_outputs(const Compilation *c, const char *path, const Plan *plan,
                            const Graph *source) {
  if (plan->output_count != source->output_count) {
    return diag_error(c->diag, diag_file(path), "the plan has %u outputs, the model %u",
                      plan->output_count, source->output_count);
  }
  for (uint32_t i = 0; i < source->output_count; ++i) {
    const Output *output = &source->outputs[i];
    PlanTensor model = {output->name, graph_type(source, output->value), output->nchw};
    RETURN_IF_ERROR(check_tensor(c, path, "output", &plan->outputs[i], &model));
  }
  return STATUS_OK;
}

/* -- weights ----------------------------------------------------------------------------------- */

/* The tensors of the weights file that the model reads. */
typedef struct Leaves {
  const Recipe **items; /* interned: equal ones are one */
  uint32_t count, capacity;
} Leaves;

static bool leaves_have(const Leaves *leaves, const Recipe *recipe) {
  for (uint32_t i = 0; i < leaves->count; ++i) {
    if (leaves->items[i] == recipe) return true;
  }
  return false;
}

/* Every tensor that `recipe` is made of. */
static void leaves_add(Leaves *leaves, const Recipe *recipe, Arena *arena) {
  if (recipe->kind == RECIPE_TENSOR && !leaves_have(leaves, recipe)) {
    ARENA_PUSH(arena, leaves->items, leaves->count, leaves->capacity, recipe);
  }
  for (uint32_t i = 0; i < 2 && recipe->operands[i]; ++i) {
    leaves_add(leaves, recipe->operands[i], arena);
  }
}

/* The first tensor of `recipe` that is not among `leaves`, or NULL. */
static const Recipe *stranger(const Leaves *leaves, const Recipe *recipe) {
  if (recipe->kind == RECIPE_TENSOR) return leaves_have(leaves, recipe) ? NULL : recipe;
  const Recipe *found = NULL;
  for (uint32_t i = 0; i < 2 && recipe->operands[i] && !found; ++i) {
    found = stranger(leaves, recipe->operands[i]);
  }
  return found;
}

/* A plan may compute other constants than the model, but of the same tensors. */
static Status check_weights(const Compilation *c, const char *path, const Plan *plan,
                            const Graph *source) {
  Leaves leaves = {0};
  for (uint32_t i = 0; i < source->node_count; ++i) {
    if (source->nodes[i].recipe) leaves_add(&leaves, source->nodes[i].recipe, c->arena);
  }
  for (uint32_t i = 0; i < plan->weight_count; ++i) {
    const Recipe *found = stranger(&leaves, plan->weights[i]);
    if (!found) continue;
    char text[TYPE_TEXT_MAX];
    return diag_error(c->diag, diag_file(path), "weight %u: the model reads no tensor \"%s\", %s",
                      i, found->name, type_format(found->type, text));
  }
  return STATUS_OK;
}

Status from_plan_read(const Compilation *c, uint32_t index, const TargetInfo *target,
                      Resolution *resolution) {
  const Plan *plan;
  const Graph *source = resolution->graph;
  const char *path = c->options->from_plan.items[index];
  PlanText from = {path, c->plan_texts[index], target};
  RETURN_IF_ERROR(plan_parse(c->arena, c->recipes, c->diag, &from, &plan));
  if (strcmp(plan->model, source->name) != 0) {
    return diag_error(c->diag, diag_file(path), "a plan of \"%s\"; the model is \"%s\"",
                      plan->model, source->name);
  }
  RETURN_IF_ERROR(check_inputs(c, path, plan, source));
  RETURN_IF_ERROR(check_outputs(c, path, plan, source));
  RETURN_IF_ERROR(check_weights(c, path, plan, source));
  resolution->plan = plan;
  return STATUS_OK;
}
