/* What the files of ir/ops/ are made of. Each holds one op, or a few that are much alike: what it
 * takes and gives (infer_NAME), what it computes (interpret_NAME), and how one is appended to a
 * graph (build_name). CONTRIBUTING.md lists what else a new op needs. */
#ifndef ATMC_IR_OPS_OP_IMPL_H
#define ATMC_IR_OPS_OP_IMPL_H

#include "ir/builder.h"
#include "ir/ops/infer_check.h"
#include "ir/ops/interpret.h"

/* The operands of a Node in a literal; absent ones are VALUE_NONE at the end. */
#define OPERANDS(...)                         \
  .operands = (const ValueId[]){__VA_ARGS__}, \
  .operand_count = sizeof((const ValueId[]){__VA_ARGS__}) / sizeof(ValueId)

#endif
