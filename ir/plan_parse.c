/* Reads the text form of a Plan (plan_print.c) by recursive descent. The text is untrusted; what it
 * says is checked as a whole, by plan_verify, when all is read. plan_parse_kernel.c reads kernels.
 */
#include "ir/plan_parse.h"

#include <string.h>

enum { MAX_QUOTED = 40, MAX_COUNT = INT32_MAX, MAX_STEPS = 1 << 14 };
/* So that sums of a few of them do not overflow; what a plan may have at most, plan_verify says. */
static const int64_t MAX_BYTES = INT64_C(1) << 46;

Status plan_parse_u32(PlanParser *p, uint32_t *value) {
  int64_t number;
  RETURN_IF_ERROR(text_read_int(&p->in, 0, MAX_COUNT, &number));
  *value = (uint32_t)number;
  return STATUS_OK;
}

Status plan_parse_u64(PlanParser *p, uint64_t *value) {
  int64_t number;
  RETURN_IF_ERROR(text_read_int(&p->in, 0, MAX_BYTES, &number));
  *value = (uint64_t)number;
  return STATUS_OK;
}

Status plan_parse_word_u32(PlanParser *p, const char *word, uint32_t *value) {
  RETURN_IF_ERROR(text_read_expect(&p->in, word));
  return plan_parse_u32(p, value);
}

Status plan_parse_word_u64(PlanParser *p, const char *word, uint64_t *value) {
  RETURN_IF_ERROR(text_read_expect(&p->in, word));
  return plan_parse_u64(p, value);
}

Status plan_parse_offset(PlanParser *p, uint64_t *offset) {
  return plan_parse_word_u64(p, "+", offset);
}

Status plan_parse_choice(PlanParser *p, const char *what, const char *const *words, uint32_t count,
                         uint32_t *index) {
  RETURN_IF_ERROR(text_read_room(&p->in));
  text_read_skip(&p->in);
  for (*index = 0; *index < count; ++*index) {
    if (words[*index] && text_read_accept(&p->in, words[*index])) return STATUS_OK;
  }
  return text_read_fail(&p->in, p->in.cursor, "expected %s", what);
}

/* N = RECIPE; numbered from 0 on. */
static Status read_weight(PlanParser *p) {
  const Recipe *recipe;
  text_read_skip(&p->in);
  const char *at = p->in.cursor;
  uint32_t index;
  RETURN_IF_ERROR(plan_parse_u32(p, &index));
  if (index != p->plan.weight_count) {
    return text_read_fail(&p->in, at, "expected weight %u", p->plan.weight_count);
  }
  RETURN_IF_ERROR(text_read_expect(&p->in, "="));
  RETURN_IF_ERROR(text_read_recipe(&p->in, p->recipes, &recipe));
  ARENA_PUSH(p->in.arena, p->weights, p->plan.weight_count, p->weight_capacity, recipe);
  return STATUS_OK;
}

/* "arena +N", or "input N", "output N", "weight N". */
static Status read_ref(PlanParser *p, BufferRef *ref) {
  uint32_t space;
  RETURN_IF_ERROR(plan_parse_choice(p, "a buffer", plan_text_spaces, PLAN_TEXT_SPACES, &space));
  *ref = (BufferRef){.space = (Space)space};
  return space == SPACE_ARENA ? plan_parse_offset(p, &ref->offset) : plan_parse_u32(p, &ref->index);
}

/* `count` of them in parentheses: as many as the kernel has ports. */
static Status read_refs(PlanParser *p, uint32_t count, const BufferRef **result) {
  BufferRef *refs = ARENA_ARRAY(p->in.arena, count, BufferRef);
  RETURN_IF_ERROR(text_read_expect(&p->in, "("));
  for (uint32_t i = 0; i < count; ++i) {
    if (i) RETURN_IF_ERROR(text_read_expect(&p->in, ","));
    RETURN_IF_ERROR(read_ref(p, &refs[i]));
  }
  *result = refs;
  return text_read_expect(&p->in, ")");
}

/* The kernel of a step, which stands before it in the text. */
static Status find_kernel(PlanParser *p, uint32_t *index) {
  text_read_skip(&p->in);
  const char *at = p->in.cursor, *name;
  RETURN_IF_ERROR(text_read_word(&p->in, "the name of a kernel", &name));
  if (name_table_find(&p->kernel_names, name, index)) return STATUS_OK;
  return text_read_fail(&p->in, at, "no kernel \"%.*s\"", MAX_QUOTED, name);
}

/* What is behind the word "step", which stands at `at`. */
static Status read_step(PlanParser *p, const char *at) {
  Step step = {0};
  RETURN_IF_ERROR(find_kernel(p, &step.kernel));
  const PlanKernel *kernel = &p->kernels[step.kernel];
  RETURN_IF_ERROR(read_refs(p, kernel->operand_count, &step.operands));
  RETURN_IF_ERROR(text_read_expect(&p->in, "->"));
  RETURN_IF_ERROR(read_refs(p, kernel->result_count, &step.results));
  if (kernel->scratch_bytes) {
    RETURN_IF_ERROR(text_read_expect(&p->in, ","));
    RETURN_IF_ERROR(text_read_expect(&p->in, "scratch"));
    RETURN_IF_ERROR(plan_parse_offset(p, &step.scratch));
  }
  if (kernel->prefetch_bytes) {
    RETURN_IF_ERROR(text_read_expect(&p->in, ","));
    RETURN_IF_ERROR(text_read_expect(&p->in, "prefetch"));
    RETURN_IF_ERROR(plan_parse_word_u32(p, "weight", &step.prefetch));
  }
  RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  RETURN_IF_ERROR(plan_parse_u64(p, &step.macs));
  RETURN_IF_ERROR(text_read_expect(&p->in, "macs"));
  RETURN_IF_ERROR(text_read_label(&p->in, &step.label));
  if (!step.label) step.label = "";
  if (p->plan.step_count == MAX_STEPS) {
    return text_read_fail(&p->in, at, "more than %d steps", MAX_STEPS);
  }
  ARENA_PUSH(p->in.arena, p->steps, p->plan.step_count, p->step_capacity, step);
  ARENA_PUSH(p->in.arena, p->step_at, p->step_at_count, p->step_at_capacity, at);
  return STATUS_OK;
}

/* STRING TYPE [nchw]: an input or output of the model. */
static Status read_tensor(PlanParser *p, PlanTensor *tensor) {
  RETURN_IF_ERROR(text_read_string(&p->in, &tensor->name));
  RETURN_IF_ERROR(text_read_type(&p->in, &tensor->type));
  tensor->nchw = text_read_accept(&p->in, "nchw");
  return STATUS_OK;
}

/* The line of numbers that ends the head. */
static Status read_sizes(PlanParser *p) {
  RETURN_IF_ERROR(plan_parse_word_u32(p, "rounds", &p->plan.rounds));
  RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  RETURN_IF_ERROR(plan_parse_word_u64(p, "arena", &p->plan.workspace_base));
  RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  RETURN_IF_ERROR(plan_parse_word_u64(p, "live", &p->plan.live_peak));
  RETURN_IF_ERROR(text_read_expect(&p->in, ","));
  return plan_parse_word_u64(p, "scratch", &p->plan.scratch_bytes);
}

/* The first line: the model and the name of the target, which stands at *at. */
static Status read_title(PlanParser *p, const char **name, const char **at) {
  RETURN_IF_ERROR(text_read_expect(&p->in, "plan"));
  RETURN_IF_ERROR(text_read_string(&p->in, &p->plan.model));
  RETURN_IF_ERROR(text_read_expect(&p->in, "for"));
  text_read_skip(&p->in);
  *at = p->in.cursor;
  return text_read_string(&p->in, name);
}

const char *plan_parse_target(Arena *arena, const char *text) {
  Diag silent = {0};
  PlanParser p = {.in = text_read_begin(arena, &silent, "", text)};
  const char *name, *at;
  return read_title(&p, &name, &at) ? NULL : name;
}

/* Everything in front of the first kernel. A plan for another target is an error: its tiles are. */
static Status read_head(PlanParser *p, const TargetInfo *target) {
  const char *name, *at;
  RETURN_IF_ERROR(read_title(p, &name, &at));
  if (strcmp(name, target->name) != 0) {
    return text_read_fail(&p->in, at, "the plan is for %.*s, code is made for %s", MAX_QUOTED, name,
                          target->name);
  }
  p->plan.target = target;
  PlanTensor tensor;
  while (text_read_accept(&p->in, "input")) {
    RETURN_IF_ERROR(read_tensor(p, &tensor));
    ARENA_PUSH(p->in.arena, p->inputs, p->plan.input_count, p->input_capacity, tensor);
  }
  while (text_read_accept(&p->in, "output")) {
    RETURN_IF_ERROR(read_tensor(p, &tensor));
    ARENA_PUSH(p->in.arena, p->outputs, p->plan.output_count, p->output_capacity, tensor);
  }
  return read_sizes(p);
}

/* Kernels, weights and steps, in any order that defines kernels before their steps. */
static Status read_parts(PlanParser *p) {
  for (text_read_skip(&p->in); *p->in.cursor; text_read_skip(&p->in)) {
    const char *at = p->in.cursor;
    if (text_read_accept(&p->in, "kernel")) {
      RETURN_IF_ERROR(plan_parse_kernel(p, at));
    } else if (text_read_accept(&p->in, "weight")) {
      RETURN_IF_ERROR(read_weight(p));
    } else if (text_read_accept(&p->in, "step")) {
      RETURN_IF_ERROR(read_step(p, at));
    } else {
      return text_read_fail(&p->in, at, "expected \"kernel\", \"weight\" or \"step\"");
    }
  }
  return STATUS_OK;
}

/* What plan_verify found, at the line of the kernel or step that it found it in. */
static Status report(const PlanParser *p, const PlanFault *fault) {
  const char *at = p->in.text;
  if (fault->kernel != PLAN_NOWHERE) at = p->kernel_at[fault->kernel];
  if (fault->step != PLAN_NOWHERE) at = p->step_at[fault->step];
  return text_read_fail(&p->in, at, "%s", fault->message);
}

Status plan_parse(Arena *arena, RecipeTable *recipes, Diag *diag, const PlanText *from,
                  const Plan **result) {
  PlanParser p = {.in = text_read_begin(arena, diag, from->file, from->text),
                  .recipes = recipes,
                  .kernel_names = {.arena = arena}};
  RETURN_IF_ERROR(read_head(&p, from->target));
  RETURN_IF_ERROR(read_parts(&p));
  p.plan.inputs = p.inputs;
  p.plan.outputs = p.outputs;
  p.plan.kernels = p.kernels;
  p.plan.steps = p.steps;
  p.plan.weights = p.weights;
  const Plan *plan = arena_copy(arena, &p.plan, sizeof p.plan);
  PlanFault fault;
  if (!plan_verify(plan, arena, &fault)) return report(&p, &fault);
  *result = plan;
  return STATUS_OK;
}
