/* concat: the first operand's channels, then the second's. */
#include "backends/llvm/kernel.h"

typedef struct Concat {
  ValueId from, to;
  uint32_t begin; /* where `from` begins in `to` */
} Concat;

/* A SiteEmitter over the channels of one operand. */
static void copy_vector(KernelEmitter *k, Site site, void *context) {
  const Concat *c = context;
  LLVMValueRef x = view_load(k, &k->views[c->from.index], site);
  site.column_plus = c->begin;
  view_store_value(k, c->to, site, x);
}

void concat_stage(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId to = node_result(node, 0);
  view_make_exact(k, to);
  Loop rows;
  loop_begin(k->m, &rows, emit_i64(k->m, 0), k->row_count, 1);
  uint32_t begin = 0;
  for (uint32_t i = 0; i < node->operand_count; ++i) {
    Concat concat = {.from = node->operands[i], .to = to, .begin = begin};
    uint32_t channels = value_channels(k, concat.from);
    columns_all(k, rows.index, channels, copy_vector, &concat);
    begin += channels;
  }
  loop_end(k->m, &rows, NULL);
}
