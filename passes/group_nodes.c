/* Groups nodes into row kernels, by (domain, level).
 *
 * The domain of a node is the grid of rows that it runs over: of its result, or of what it reduces.
 * Its level is the largest over its operands of
 *
 *   level(producer)       of the same domain, when it does not reduce and is read row by row
 *   level(producer) + 1   otherwise
 *
 * so that a group depends on groups of lower levels only. Slices are views and belong to nobody;
 * graph inputs and constants are there from the start.
 *
 * Products with column blocks (partition_columns.c) stand in groups of their own: such a group has
 * products and pointwise nodes only, and what one of its nodes makes is read there by pointwise
 * nodes alone, and not through a slice. So each block of columns is independent of the others.
 *
 * A call stands alone. Beside winograd, whose blocks are long, stand nodes that are as good at any
 * length, and that cut no rows themselves: pointwise ones, readers of windows, normalize.
 *
 * Then nodes sink: in reverse order, a node whose users all read it row by row in later groups of
 * its domain moves to the earliest of them, unless more bytes would have to be kept in memory
 * between kernels than before. So the branch FCs of an ATM end behind its mixing weights, beside
 * `proj`.
 */
#include "passes/group_nodes.h"

#include "ir/row_domain.h"

#include <stdlib.h>

#include "passes/pass.h"
#include "passes/pattern.h"
#include "support/panic.h"

enum {
  /* What a kernel node takes (ops.def). A group that is full makes its nodes start the next level.
   */
  MAX_OPERANDS = 64,
};

typedef struct Group {
  Type domain;
  uint32_t level;
  int32_t column_blocks; /* of its products; 0: cut by rows */
  uint32_t operands;     /* of its kernel, at most: what its nodes read that others make */
  bool whole_rows;       /* a node reads what another makes in other columns */
  bool call;             /* of one node that stands alone */
  bool winograd, cuts;   /* a node is one; or is nothing that may stand beside one */
} Group;

typedef struct Use {
  uint32_t node;
  uint32_t operand;
} Use;

typedef struct Grouping {
  const Graph *graph;
  Arena *arena;
  uint32_t *of_node;
  Group *groups;
  uint32_t count, capacity;
  uint32_t *first_use; /* [value_count + 1] into uses: the uses of each base value */
  Use *uses;
} Grouping;

/* Whether `node` computes something: inputs and constants are there, views are read through. */
static bool has_group(const Node *node) {
  return node->op != OP_INPUT && node->op != OP_CONSTANT && !op_has(node->op, OP_VIEW);
}

/* Operand `operand` is read at the columns that are computed from it, and nowhere else. */
static bool reads_by_column(const Graph *graph, const Node *node, uint32_t operand) {
  return op_has(node->op, OP_POINTWISE) &&
         !op_has(graph_def(graph, node->operands[operand])->op, OP_VIEW);
}

static uint32_t add_group(Grouping *g, Group group) {
  ARENA_PUSH(g->arena, g->groups, g->count, g->capacity, group);
  return g->count - 1;
}

/* The newest group of `domain`, `level` and `column_blocks` that is no call; a new one where there
 * is none. */
static uint32_t find_group(Grouping *g, Type domain, uint32_t level, int32_t column_blocks) {
  for (uint32_t i = g->count; i-- > 0;) {
    if (!g->groups[i].call && g->groups[i].level == level &&
        g->groups[i].column_blocks == column_blocks && type_equal(g->groups[i].domain, domain)) {
      return i;
    }
  }
  return add_group(g, (Group){.domain = domain, .level = level, .column_blocks = column_blocks});
}

/* The group that makes what `node` reads as `operand`, through slices; NO_GROUP for inputs and
 * constants. */
static uint32_t producer_group(const Grouping *g, const Node *node, uint32_t operand) {
  ValueId base = row_domain_base(g->graph, node->operands[operand]);
  return g->of_node[g->graph->values[base.index].node.index];
}

/* Operands of `node` that no node of `group` makes. */
static uint32_t operands_from_outside(const Grouping *g, const Node *node, uint32_t group) {
  uint32_t count = 0;
  for (uint32_t k = 0; k < node->operand_count; ++k) count += producer_group(g, node, k) != group;
  return count;
}

/* Whether `node` may not stand beside a winograd. */
static bool cuts_rows(const Node *node) {
  StageKind kind = op_info(node->op)->stage;
  return kind != STAGE_WINOGRAD && kind != STAGE_POINTWISE && kind != STAGE_READ &&
         kind != STAGE_NORMALIZE;
}

/* Whether the kernel of `group` may take `node`, and its operands, too. */
static bool has_room(const Grouping *g, uint32_t group, const Node *node) {
  const Group *there = &g->groups[group];
  if (there->winograd && cuts_rows(node)) return false;
  if (there->cuts && node->op == OP_WINOGRAD) return false;
  return there->operands + operands_from_outside(g, node, group) <= MAX_OPERANDS;
}

static bool is_call(const Node *node) {
  return op_info(node->op)->stage == STAGE_CALL;
}

/* Whether `node` can run in the group that makes its operand. */
static bool can_stay(const Grouping *g, const Node *node, uint32_t operand, Type domain) {
  const Group *group = &g->groups[producer_group(g, node, operand)];
  ValueId base = row_domain_base(g->graph, node->operands[operand]);
  if (!type_equal(group->domain, domain) ||
      op_has(graph_def(g->graph, base)->op, OP_LEAVES_DOMAIN)) {
    return false;
  }
  if (group->call || is_call(node)) return false;
  if (group->column_blocks) return reads_by_column(g->graph, node, operand);
  return row_domain_reads_by_row(node, operand) && !pattern_column_blocks(node);
}

/* The least level that `node` can have, and the column blocks of its group. */
static uint32_t find_level(const Grouping *g, const Node *node, Type domain,
                           int32_t *column_blocks) {
  uint32_t level = 1, home = NO_GROUP;
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    uint32_t group = producer_group(g, node, k);
    if (group == NO_GROUP) continue;
    CHECK(group < g->count);
    bool stays = can_stay(g, node, k, domain);
    uint32_t least = g->groups[group].level + !stays;
    if (stays && least == level && home != NO_GROUP && home != group) {
      stays = false; /* two groups of one level: it joins neither */
      ++least;
    }
    if (least > level) home = NO_GROUP;
    if (least >= level && stays) home = group;
    if (least > level) level = least;
  }
  *column_blocks = home == NO_GROUP ? pattern_column_blocks(node) : g->groups[home].column_blocks;
  return level;
}

/* Puts node `index` into `group`. */
static void join(Grouping *g, uint32_t index, uint32_t group) {
  const Node *node = &g->graph->nodes[index];
  g->groups[group].operands += operands_from_outside(g, node, group);
  g->of_node[index] = group;
  g->groups[group].winograd |= node->op == OP_WINOGRAD;
  g->groups[group].cuts |= cuts_rows(node);
  if (pattern_column_blocks(node)) return;
  bool whole = !op_has(node->op, OP_POINTWISE);
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    whole |= producer_group(g, node, k) == group && !reads_by_column(g->graph, node, k);
  }
  g->groups[group].whole_rows |= whole;
}

/* Puts node `index`, whose producers have groups, into the group of its domain and least level; one
 * level up as long as that group is full. */
static void assign_level(Grouping *g, uint32_t index) {
  const Node *node = &g->graph->nodes[index];
  Type domain = row_domain(g->graph, node);
  int32_t column_blocks;
  uint32_t level = find_level(g, node, domain, &column_blocks);
  if (is_call(node)) {
    join(g, index, add_group(g, (Group){.domain = domain, .level = level, .call = true}));
    return;
  }
  uint32_t group = find_group(g, domain, level, column_blocks);
  while (!has_room(g, group, node)) group = find_group(g, domain, ++level, column_blocks);
  join(g, index, group);
}

/* Fills first_use and uses: by counting, then placing from the back. */
static void collect_uses(Grouping *g) {
  const Graph *graph = g->graph;
  uint32_t *first = ARENA_ARRAY(g->arena, graph->value_count + 1, uint32_t);
  for (int placing = 0; placing < 2; ++placing) {
    for (uint32_t i = graph->node_count; i-- > 0;) {
      const Node *node = &graph->nodes[i];
      for (uint32_t k = 0; has_group(node) && k < node->operand_count; ++k) {
        uint32_t base = row_domain_base(graph, node->operands[k]).index;
        if (placing) {
          g->uses[--first[base]] = (Use){i, k};
        } else {
          ++first[base];
        }
      }
    }
    if (placing) break;
    for (uint32_t v = 1; v <= graph->value_count; ++v) first[v] += first[v - 1];
    g->uses = ARENA_ARRAY(g->arena, first[graph->value_count], Use);
  }
  g->first_use = first;
}

/* Some user of `base` is in another group than its producer: it is kept in memory anyway. */
static bool is_kept(const Grouping *g, ValueId base) {
  uint32_t home = g->of_node[g->graph->values[base.index].node.index];
  if (home == NO_GROUP) return true;
  for (uint32_t u = g->first_use[base.index]; u < g->first_use[base.index + 1]; ++u) {
    if (g->of_node[g->uses[u].node] != home) return true;
  }
  return false;
}

/* The group that node `index` could sink to, or NO_GROUP. Sets *all_there when all users are there.
 */
static uint32_t find_target(const Grouping *g, uint32_t index, bool *all_there) {
  uint32_t base = g->graph->nodes[index].first_result.index;
  uint32_t home = g->of_node[index], target = NO_GROUP;
  *all_there = true;
  for (uint32_t u = g->first_use[base]; u < g->first_use[base + 1]; ++u) {
    uint32_t group = g->of_node[g->uses[u].node];
    if (group == home || !type_equal(g->groups[group].domain, g->groups[home].domain) ||
        !row_domain_reads_by_row(&g->graph->nodes[g->uses[u].node], g->uses[u].operand)) {
      return NO_GROUP;
    }
    if (target != NO_GROUP && target != group) *all_there = false;
    if (target == NO_GROUP || g->groups[group].level < g->groups[target].level) target = group;
  }
  return target;
}

/* Bytes of a row of `v`. */
static int64_t row_bytes(const Grouping *g, ValueId v) {
  Type type = graph_type(g->graph, v);
  return type_channels(type) * dtype_bytes(type.dtype);
}

/* Bytes of each row that sinking node `index` would newly keep in memory. */
static int64_t newly_kept(const Grouping *g, uint32_t index) {
  const Node *node = &g->graph->nodes[index];
  int64_t bytes = 0;
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    ValueId base = row_domain_base(g->graph, node->operands[k]);
    bool repeated = false;
    for (uint32_t j = 0; j < k; ++j) {
      repeated |= value_equal(base, row_domain_base(g->graph, node->operands[j]));
    }
    if (!repeated && !is_kept(g, base)) bytes += row_bytes(g, base);
  }
  return bytes;
}

/* All users of `base` read it at the columns that they compute. */
static bool is_read_by_column(const Grouping *g, ValueId base) {
  for (uint32_t u = g->first_use[base.index]; u < g->first_use[base.index + 1]; ++u) {
    if (!reads_by_column(g->graph, &g->graph->nodes[g->uses[u].node], g->uses[u].operand)) {
      return false;
    }
  }
  return true;
}

/* Whether `node` may join `target`, where all its users are. What follows a winograd, or a product
 * cut by columns, costs least behind it. */
static bool may_sink(const Grouping *g, const Node *node, uint32_t target) {
  const Group *home = &g->groups[g->of_node[g->graph->values[node->first_result.index].node.index]],
              *group = &g->groups[target];
  int32_t blocks = pattern_column_blocks(node), there = group->column_blocks;
  if (group->call || is_call(node)) return false;
  if (home->winograd || (home->column_blocks && !blocks)) return false;
  if (!blocks && !there) return true;
  if (!is_read_by_column(g, node->first_result)) return false;
  if (!blocks) return op_has(node->op, OP_POINTWISE);
  return there ? there == blocks : !group->whole_rows;
}

/* Moves node `index` to the group of its users, where that is one group and no more channels have
 * to be kept than the node makes. */
static void try_to_sink(Grouping *g, uint32_t index) {
  const Node *node = &g->graph->nodes[index];
  if (!has_group(node) || op_has(node->op, OP_LEAVES_DOMAIN) || node->result_count != 1) return;
  bool all_there;
  uint32_t target = find_target(g, index, &all_there);
  if (target == NO_GROUP || !all_there || !may_sink(g, node, target)) return;
  if (newly_kept(g, index) > row_bytes(g, node->first_result)) return;
  if (!has_room(g, target, node)) return;
  join(g, index, target);
  if (pattern_column_blocks(node)) g->groups[target].column_blocks = pattern_column_blocks(node);
  if (!is_read_by_column(g, node->first_result)) g->groups[target].whole_rows = true;
}

typedef struct Rank {
  uint32_t level, group;
} Rank;

/* By level, then by age: the order of kernels. */
static int compare_ranks(const void *a, const void *b) {
  const Rank *x = a, *y = b;
  if (x->level != y->level) return x->level < y->level ? -1 : 1;
  return x->group < y->group ? -1 : x->group > y->group;
}

/* Renumbers by level; groups that sinking has emptied disappear. */
static NodeGroups number(Grouping *g) {
  bool *used = ARENA_ARRAY(g->arena, g->count, bool);
  for (uint32_t i = 0; i < g->graph->node_count; ++i) {
    if (g->of_node[i] != NO_GROUP) used[g->of_node[i]] = true;
  }
  Rank *ranks = ARENA_ARRAY(g->arena, g->count, Rank);
  uint32_t count = 0;
  for (uint32_t i = 0; i < g->count; ++i) {
    if (used[i]) ranks[count++] = (Rank){g->groups[i].level, i};
  }
  if (count > 0) qsort(ranks, count, sizeof *ranks, compare_ranks);
  uint32_t *number_of = ARENA_ARRAY(g->arena, g->count, uint32_t);
  for (uint32_t i = 0; i < count; ++i) number_of[ranks[i].group] = i;
  for (uint32_t i = 0; i < g->graph->node_count; ++i) {
    if (g->of_node[i] != NO_GROUP) g->of_node[i] = number_of[g->of_node[i]];
  }
  return (NodeGroups){count, g->of_node};
}

NodeGroups group_nodes(const Graph *graph, Arena *arena) {
  Grouping g = {
      .graph = graph, .arena = arena, .of_node = ARENA_ARRAY(arena, graph->node_count, uint32_t)};
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    g.of_node[i] = NO_GROUP;
    if (has_group(&graph->nodes[i])) assign_level(&g, i);
  }
  collect_uses(&g);
  bool *is_output = ARENA_ARRAY(arena, graph->value_count, bool);
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    is_output[graph->outputs[i].value.index] = true;
  }
  for (uint32_t i = graph->node_count; i-- > 0;) {
    if (!is_output[graph->nodes[i].first_result.index]) try_to_sink(&g, i);
  }
  return number(&g);
}
