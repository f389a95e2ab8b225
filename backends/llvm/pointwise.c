/* Pointwise ops: evaluated in registers at one site, behind an anchor or alone.
 *
 * An operand that was computed at this site is live; any other is loaded from where it lives. A
 * product that only a sum reads is fused with it.
 *
 * A value with a place in memory is stored there as soon as it is known, and stays live for what
 * follows at the site.
 */
#include <string.h>

#include "backends/llvm/debug_info.h"
#include "backends/llvm/kernel.h"
#include "support/panic.h"

/* `value` at `site`, in a register from now on. Of a vector per image or a constant, the view has
 * no rows, so that all sites of a column get the same lanes. */
static LLVMValueRef operand(KernelEmitter *k, ValueId value, Site site) {
  if (!k->live[value.index]) {
    CHECK(view_in_memory(k, value));
    k->live[value.index] = view_load(k, &k->views[value.index], site);
  }
  return k->live[value.index];
}

/* The multiplication that defines `value` in registers, or NULL. */
static const Node *product_behind(const KernelEmitter *k, ValueId value) {
  const Node *node = graph_def(k->body, value);
  return node->op == OP_MUL && k->live[value.index] && !view_in_memory(k, value) ? node : NULL;
}

/* a + b, fused with the multiplication that made one of them. */
static LLVMValueRef evaluate_ADD(KernelEmitter *k, const Node *node, Site site) {
  operand(k, node->operands[0], site);
  for (uint32_t i = 0; i < 2; ++i) {
    const Node *product = product_behind(k, node->operands[i]);
    if (!product) continue;
    return emit_fma(k->m, operand(k, product->operands[0], site),
                    operand(k, product->operands[1], site),
                    operand(k, node->operands[1 - i], site));
  }
  return emit_fadd(k->m, operand(k, node->operands[0], site), operand(k, node->operands[1], site));
}

/* A pointwise op at one site. */
typedef LLVMValueRef Evaluate(KernelEmitter *k, const Node *node, Site site);

static LLVMValueRef evaluate_MUL(KernelEmitter *k, const Node *node, Site site) {
  LLVMValueRef a = operand(k, node->operands[0], site);
  return emit_fmul(k->m, a, operand(k, node->operands[1], site));
}

/* Of the caller's bytes alone: the view is walked backwards where the channels are reversed. */
static LLVMValueRef evaluate_PIXELS(KernelEmitter *k, const Node *node, Site site) {
  View view = k->views[node->operands[0].index];
  uint32_t channels = value_channels(k, node->operands[0]);
  if (node->attrs.PIXELS.reversed) view = view_reversed(k, view, channels);
  return view_load(k, &view, site);
}

static LLVMValueRef evaluate_FILL(KernelEmitter *k, const Node *node, Site site) {
  (void)site;
  return emit_splat(k->m, node->attrs.FILL.value);
}

/* max(0, a), with a second, so that a NaN comes through. */
static LLVMValueRef evaluate_RELU(KernelEmitter *k, const Node *node, Site site) {
  LLVMValueRef a = operand(k, node->operands[0], site);
  return emit_fmax(k->m, LLVMConstNull(k->m->vector), a);
}

static LLVMValueRef evaluate_SIGMOID(KernelEmitter *k, const Node *node, Site site) {
  return elementary_sigmoid(k->m, operand(k, node->operands[0], site));
}

static LLVMValueRef evaluate_RSQRT(KernelEmitter *k, const Node *node, Site site) {
  ModuleContext *m = k->m;
  LLVMValueRef a = operand(k, node->operands[0], site);
  LLVMValueRef x = emit_fadd(m, a, emit_splat(m, node->attrs.RSQRT.eps));
  LLVMValueRef root = emit_intrinsic(m, "llvm.sqrt", &x, 1);
  return LLVMBuildFDiv(m->builder, emit_splat(m, 1), root, "");
}

static LLVMValueRef evaluate_GELU(KernelEmitter *k, const Node *node, Site site) {
  return elementary_gelu(k->m, operand(k, node->operands[0], site));
}

/* Below -88, where the sigmoid stays above 0, it is multiplied by no more than that. */
static LLVMValueRef evaluate_SILU(KernelEmitter *k, const Node *node, Site site) {
  LLVMValueRef a = operand(k, node->operands[0], site), sigmoid = elementary_sigmoid(k->m, a);
  return emit_fmul(k->m, emit_fmax(k->m, emit_splat(k->m, -88.0), a), sigmoid);
}

static LLVMValueRef evaluate_SOFTPLUS(KernelEmitter *k, const Node *node, Site site) {
  return elementary_softplus(k->m, operand(k, node->operands[0], site));
}

#define EVALUATE_NONE(NAME) NULL
#define EVALUATE_PRODUCT(NAME) NULL
#define EVALUATE_NORMALIZE(NAME) NULL
#define EVALUATE_POINTWISE(NAME) evaluate_##NAME
#define EVALUATE_READ(NAME) NULL
#define EVALUATE_ROWS(NAME) NULL
#define EVALUATE_REDUCE(NAME) NULL
#define EVALUATE_WINOGRAD(NAME) NULL
#define EVALUATE_CALL(NAME) NULL

static Evaluate *const evaluators[OP_KIND_COUNT] = {
#define OP(NAME, name, min, max, results, stage, ...) [OP_##NAME] = EVALUATE_##stage(NAME),
#include "ir/ops.def"
};

/* By the op's row in ops.def. Another op here is a plan that is wrong. */
static LLVMValueRef evaluate(KernelEmitter *k, const Node *node, Site site) {
  if (!evaluators[node->op]) PANIC("%s is not pointwise", op_info(node->op)->text);
  return evaluators[node->op](k, node, site);
}

/* view_prefetch or view_prefetch_ahead. */
typedef void Ask(KernelEmitter *k, ValueId value, PlaceKind kind, Site site);

/* Asks for what `stage` reads and writes: with an anchor, what the nodes behind it read. */
static void prefetch_stage(KernelEmitter *k, const Stage *stage, Site site, bool anchored,
                           Ask *ask) {
  for (uint32_t i = 0; i < stage->node_count; ++i) {
    const Node *node = graph_node(k->body, stage->nodes[i]);
    for (uint32_t o = 0; o < node->operand_count && (i > 0 || !anchored); ++o) {
      ask(k, node->operands[o], PLACE_OPERAND, site);
    }
    ask(k, node_result(node, 0), PLACE_RESULT, site);
  }
}

void pointwise_prefetch(KernelEmitter *k, const Stage *stage, Site site) {
  prefetch_stage(k, stage, site, true, view_prefetch);
}

/* Sites that are evaluated together; k->live has the values of one after the other's. */
typedef struct Together {
  const Site *sites;
  uint32_t count; /* 1, 2 or 4 */
  LLVMValueRef *live;
  LLVMValueRef values[POINTWISE_SITES]; /* of the present node */
} Together;

static void go_to_site(KernelEmitter *k, const Together *t, uint32_t site) {
  k->live = t->live + (size_t)site * k->body->value_count;
}

/* How many vectors go through a long op at once. By pieces GELU keeps three registers of each. */
static uint32_t vectors_at_once(const KernelEmitter *k, const Node *node, const Together *t) {
  bool keeps = node->op == OP_GELU && k->m->target->look_up == LOOK_UP_PERMUTED;
  return keeps && t->count > 2 ? 2 : t->count;
}

/* A long op, which has one operand, at `count` sites from `first` on, as one vector: instructions
 * of its parts take turns, so that none waits for the one before it. */
static void evaluate_long(KernelEmitter *k, const Node *node, Together *t, uint32_t first,
                          uint32_t count) {
  ModuleContext *m = k->m;
  LLVMValueRef *values = t->values + first;
  TargetInfo target;
  ModuleContext wide = long_widen(m, count, &target);
  for (uint32_t s = 0; s < count; ++s) {
    go_to_site(k, t, first + s);
    values[s] = operand(k, node->operands[0], t->sites[first + s]);
  }
  LLVMValueRef *live = &k->live[node->operands[0].index], single = *live;
  *live = long_join(m, values, count);
  k->m = &wide;
  LLVMValueRef joined = evaluate(k, node, t->sites[first]);
  k->m = m;
  *live = single;
  long_split(m, joined, values, count);
}

/* `node` at all sites: t->values. */
static void evaluate_at_all(KernelEmitter *k, const Node *node, Together *t) {
  uint32_t step = op_has(node->op, OP_LONG) ? vectors_at_once(k, node, t) : 1;
  for (uint32_t s = 0; s < t->count; s += step) {
    if (step > 1) {
      evaluate_long(k, node, t, s, step);
    } else {
      go_to_site(k, t, s);
      t->values[s] = evaluate(k, node, t->sites[s]);
    }
  }
}

/* Node by node, at all sites. */
static void evaluate_together(KernelEmitter *k, const Stage *stage, const LLVMValueRef *anchors,
                              Together *t) {
  t->live = k->live;
  for (uint32_t v = 0; v < t->count * k->body->value_count; ++v) k->live[v] = NULL;
  for (uint32_t i = 0; i < stage->node_count; ++i) {
    const Node *node = graph_node(k->body, stage->nodes[i]);
    ValueId result = node_result(node, 0);
    debug_info_node(k->m, stage->nodes[i]);
    if (i == 0 && anchors) {
      memcpy(t->values, anchors, t->count * sizeof *anchors);
    } else {
      evaluate_at_all(k, node, t);
    }
    for (uint32_t s = 0; s < t->count; ++s) {
      go_to_site(k, t, s);
      k->live[result.index] = t->values[s];
      view_store_value(k, result, t->sites[s], t->values[s]);
    }
  }
  k->live = t->live;
  debug_info_node(k->m, stage->nodes[0]);
}

void pointwise_evaluate(KernelEmitter *k, const Stage *stage, Site site, LLVMValueRef anchor) {
  Together t = {.sites = &site, .count = 1};
  evaluate_together(k, stage, anchor ? &anchor : NULL, &t);
}

void pointwise_emit_all(KernelEmitter *k, const Stage *stage, const Site *sites,
                        const LLVMValueRef *anchors, uint32_t count) {
  CHECK(k->m->target->long_vectors <= POINTWISE_SITES);
  while (count) {
    Together t = {.sites = sites, .count = target_long_vectors(k->m->target)};
    while (t.count > count) t.count /= 2;
    for (uint32_t s = 0; s < t.count; ++s) {
      prefetch_stage(k, stage, sites[s], true, view_prefetch_ahead);
    }
    evaluate_together(k, stage, anchors, &t);
    sites += t.count, anchors += t.count, count -= t.count;
  }
}

void pointwise_emit(KernelEmitter *k, const Stage *stage, Site site, LLVMValueRef anchor) {
  prefetch_stage(k, stage, site, anchor != NULL, view_prefetch_ahead);
  pointwise_evaluate(k, stage, site, anchor);
}

/* A SiteEmitter of a stage without an anchor; `context` is the stage. */
static void emit_site(KernelEmitter *k, Site site, void *context) {
  pointwise_emit(k, context, site, NULL);
}

void pointwise_stage(KernelEmitter *k, const Stage *stage) {
  uint32_t channels = value_channels(k, node_result(stage_anchor(k, stage), 0));
  Loop rows;
  loop_begin(k->m, &rows, emit_i64(k->m, 0), k->row_count, 1);
  columns_of_task(k, rows.index, channels, emit_site, (void *)stage);
  loop_end(k->m, &rows, NULL);
}
