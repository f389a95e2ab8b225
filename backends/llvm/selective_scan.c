/* selective_scan: recurrences along walks over a map. A task has some strips of channels, for each
 * vector or pair of vectors of which it walks over the whole map, states in registers:
 *
 *   for each strip, or pair of strips where they are one vector wide:
 *     for each of its vectors or pairs of vectors:
 *       for each line of the walk, for each chunk of it:
 *         make its steps, if they are not there (scan_steps.c)
 *         for each step of the walk:
 *           m     = 2^(step * rate) - 1                     rate = a log2(e)
 *           state = state + (m * state + (step * u) * B)    of each state, in the order of the walk
 *           y     = sum over the states of C * state
 *
 * m rather than exp(step a): decays are close to 1, and what is lost there is lost at every step.
 *
 * Two ways go over the map at once where their states fit the registers. Until they meet each is
 * the first at its token and writes y; from there on each is the second, and adds to it:
 *
 *   forward   0 1 2 3 | 4 5 6 7      |: the middle; of an odd number of tokens, that of both
 *   back      7 6 5 4 | 3 2 1 0
 *
 * Else the way back comes second as a whole. A sum of two is the same in any order, so are the
 * bits. On x86 subnormal numbers count as 0 for the time of a task: in a quiet region states fall
 * among them, where an instruction takes a hundred times as long.
 */
#include <string.h>

#include "backends/llvm/scan.h"
#include "support/checked_math.h"
#include "support/panic.h"

enum {
  U,
  P,
  A,
  STEPS,
  GROUP = 2, /* vectors at hand, where there are few states */
  /* Tokens of a chunk. Where a vector is as wide as a strip so few that their rows of p, which may
   * all fall into one set of the nearest cache, stay there; others spend more time on each. */
  MOST_TOKENS = 16,
  MOST_TOKENS_WIDE = 8,
};
enum { FORWARD = SCAN_FORWARD, BACK = SCAN_BACK, WAYS = SCAN_WAYS };

/* One walk: what ways it takes. States, rates and decays go by way, then by vector, then by state.
 */
typedef struct Walk {
  bool ways[WAYS];
  uint64_t adds[WAYS]; /* from which step of the walk on a way adds to y: it writes before */
} Walk;

/* A step of it; all i64. */
typedef struct Turn {
  LLVMValueRef number;       /* in the walk */
  LLVMValueRef in_chunk;     /* in its chunk */
  LLVMValueRef tokens[WAYS]; /* that the ways visit */
  LLVMValueRef later[WAYS];  /* those at the same place of the next chunk */
  LLVMValueRef later_column; /* of the next chunk: that of the next walk behind the last one */
} Turn;

/* Where the states of a vector stand. */
static uint32_t state_index(const Scan *s, uint32_t way, uint32_t vector) {
  return (way * s->vectors + vector) * s->states;
}

/* The address of channel `plus` behind column `column` of token `token`. */
static LLVMValueRef place(const Scan *s, const View *view, LLVMValueRef token, LLVMValueRef column,
                          uint64_t plus) {
  return view_address(s->k, view,
                      (Site){.row = token, .column = column, .column_plus = (uint32_t)plus});
}

/* A vector of the strip. All channels of a strip are in the row's pitch, or in the slack. */
static LLVMValueRef load(const Scan *s, const View *view, LLVMValueRef token, uint32_t vector) {
  uint32_t lanes = s->k->m->target->vector_floats;
  return emit_load(s->k->m, place(s, view, token, s->column, vector * lanes), lanes);
}

/* Element `index` of p in all lanes. */
static LLVMValueRef mixer(const Scan *s, LLVMValueRef token, uint64_t index) {
  ModuleContext *m = s->k->m;
  return emit_broadcast(m, emit_load_f32(m, place(s, &s->p, token, emit_i64(m, 0), index)));
}

/* -- one step ---------------------------------------------------------------------------------- */

/* At one step of each way: its steps [way][vector], and 2^(step * rate) - 1 of each state. */
typedef struct Changes {
  LLVMValueRef steps[WAYS * GROUP];
  LLVMValueRef decays[LOOP_MAX_CARRIED];
} Changes;

/* What way `way` takes for `vector` at a step. */
static LLVMValueRef load_step(const Scan *s, uint32_t way, const Turn *at, uint32_t vector) {
  ModuleContext *m = s->k->m;
  const ScanSteps *steps = &s->steps[way];
  if (!steps->rank) return load(s, &steps->map, at->tokens[way], vector);
  uint64_t lanes = m->target->vector_floats;
  LLVMValueRef place = emit_add(m, emit_mul(m, at->in_chunk, s->vectors), emit_i64(m, vector));
  return emit_load(m, emit_address(m, steps->made, emit_mul(m, place, lanes * sizeof(float))),
                   (uint32_t)lanes);
}

/* What does not depend on the states, for all of them before any goes on: their exponentials take
 * turns. */
static void find_changes(const Scan *s, const Walk *walk, const Turn *at, Changes *changes) {
  ModuleContext *m = s->k->m;
  LLVMValueRef powers[LOOP_MAX_CARRIED];
  uint32_t places[LOOP_MAX_CARRIED], count = 0;
  for (uint32_t way = 0; way < WAYS; ++way) {
    for (uint32_t v = 0; walk->ways[way] && v < s->vectors; ++v) {
      LLVMValueRef step = load_step(s, way, at, v);
      changes->steps[way * s->vectors + v] = step;
      for (uint32_t i = 0; i < s->states; ++i, ++count) {
        places[count] = state_index(s, way, v) + i;
        powers[count] = emit_fmul(m, step, s->rates[places[count]]);
      }
    }
  }
  long_evaluate(m, elementary_exp2_minus_one, powers, count);
  for (uint32_t i = 0; i < count; ++i) changes->decays[places[i]] = powers[i];
}

/* Moves the states of one vector on and returns its y. */
static LLVMValueRef advance(const Scan *s, uint32_t way, LLVMValueRef token, uint32_t vector,
                            const Changes *changes, LLVMValueRef *states) {
  ModuleContext *m = s->k->m;
  LLVMValueRef y = NULL, step = changes->steps[way * s->vectors + vector];
  LLVMValueRef drive = emit_fmul(m, step, load(s, &s->u, token, vector));
  for (uint32_t i = 0; i < s->states; ++i) {
    uint32_t at = state_index(s, way, vector) + i;
    LLVMValueRef b = mixer(s, token, s->p_of[way] + i);
    LLVMValueRef c = mixer(s, token, s->p_of[way] + s->states + i);
    LLVMValueRef change = emit_fma(m, changes->decays[at], states[at], emit_fmul(m, drive, b));
    states[at] = emit_fadd(m, states[at], change);
    y = y ? emit_fma(m, c, states[at], y) : emit_fmul(m, c, states[at]);
  }
  return y;
}

/* Asks for the lines of the token that the way reaches a chunk later. A walk is too thin a stream,
 * a few lines of each row, for what the processor asks for by itself. */
static void prefetch(const Scan *s, uint32_t way, const Turn *at) {
  ModuleContext *m = s->k->m;
  LLVMValueRef token = at->later[way], column = at->later_column;
  uint64_t bytes = s->vectors * m->target->vector_floats * sizeof(float);
  for (uint64_t line = 0; line * CACHE_LINE < bytes; ++line) {
    uint64_t channel = line * CACHE_LINE / sizeof(float);
    emit_prefetch(m, place(s, &s->u, token, column, channel));
    const ScanSteps *steps = &s->steps[way];
    if (!steps->rank) emit_prefetch(m, place(s, &steps->map, token, column, channel));
    emit_prefetch_write(m, place(s, &s->y, token, column, channel));
  }
  emit_prefetch(m, place(s, &s->p, token, emit_i64(m, 0), s->p_of[way]));
}

/* What is in y at the step, of `vector`; NULL where a way writes first. Where that is not known
 * yet it is loaded from where nothing stands, so that both are one code without jumps. */
static LLVMValueRef load_sum(const Scan *s, const Walk *walk, uint32_t way, const Turn *at,
                             uint32_t vector) {
  ModuleContext *m = s->k->m;
  uint32_t lanes = m->target->vector_floats;
  uint64_t from = walk->adds[way], tokens = (uint64_t)s->lines * s->length;
  if (from >= tokens) return NULL;
  LLVMValueRef there = place(s, &s->y, at->tokens[way], s->column, vector * lanes);
  if (from > 0) {
    LLVMValueRef adds =
        LLVMBuildICmp(m->builder, LLVMIntUGE, at->number, emit_i64(m, (int64_t)from), "");
    there = LLVMBuildSelect(m->builder, adds, there, s->nothing, "");
  }
  return emit_load(m, there, lanes);
}

/* One way at one step: y is written, or added to what is there. */
static void visit(const Scan *s, const Walk *walk, uint32_t way, const Turn *at,
                  const Changes *changes, LLVMValueRef *states) {
  ModuleContext *m = s->k->m;
  uint32_t lanes = m->target->vector_floats;
  LLVMValueRef token = at->tokens[way];
  for (uint32_t v = 0; v < s->vectors; ++v) {
    LLVMValueRef y = advance(s, way, token, v, changes, states);
    LLVMValueRef before = load_sum(s, walk, way, at, v);
    if (before) y = emit_fadd(m, before, y);
    for (uint32_t r = 0; r < s->k->kernel->result_count; ++r) { /* all are y */
      const View *result = &s->k->result_views[r];
      emit_store(m, y, place(s, result, token, s->column, v * lanes), lanes);
    }
  }
}

/* -- walks ------------------------------------------------------------------------------------- */

/* Step `in_line` of line `line`, both i64. */
static Turn turn_at(const Scan *s, LLVMValueRef line, LLVMValueRef in_line) {
  ModuleContext *m = s->k->m;
  int64_t last = (int64_t)s->lines * s->length - 1;
  Turn at = {.number = emit_add(m, emit_mul(m, line, s->length), in_line)};
  at.tokens[FORWARD] = emit_add(m, line, emit_mul(m, in_line, (uint64_t)s->stride));
  at.tokens[BACK] = LLVMBuildSub(m->builder, emit_i64(m, last), at.tokens[FORWARD], "");
  return at;
}

static void walk_step(const Scan *s, const Walk *walk, const Turn *at, LLVMValueRef *states) {
  for (uint32_t way = 0; way < WAYS; ++way) {
    if (walk->ways[way]) prefetch(s, way, at);
  }
  Changes changes;
  find_changes(s, walk, at, &changes);
  for (uint32_t way = 0; way < WAYS; ++way) {
    if (walk->ways[way]) visit(s, walk, way, at, &changes, states);
  }
}

/* A loop that carries the states of a walk, which are in `states` inside of it and behind it. */
typedef struct StateLoop {
  Loop loop;
  LLVMValueRef *states;
} StateLoop;

static LLVMValueRef enter(const Scan *s, StateLoop *l, LoopRange range, LLVMValueRef *states,
                          uint32_t count) {
  l->states = states;
  loop_begin_carrying(s->k->m, &l->loop, range, states, count);
  for (uint32_t i = 0; i < count; ++i) states[i] = l->loop.carried[i];
  return l->loop.index;
}

static void leave(const Scan *s, StateLoop *l) {
  loop_end(s->k->m, &l->loop, l->states);
  for (uint32_t i = 0; i < l->loop.carried_count; ++i) l->states[i] = l->loop.carried[i];
}

/* The turn at which the chunk behind the one that begins at `early` of line `line` begins: in the
 * next line where that is over, and where the walk is over in the first, of the next vectors. */
static Turn next_chunk(const Scan *s, LLVMValueRef line, LLVMValueRef early) {
  ModuleContext *m = s->k->m;
  LLVMBuilderRef b = m->builder;
  LLVMValueRef zero = emit_i64(m, 0), there = emit_add(m, early, emit_i64(m, s->chunk));
  LLVMValueRef over = LLVMBuildICmp(b, LLVMIntUGE, there, emit_i64(m, s->length), "");
  LLVMValueRef below = emit_add(m, line, emit_i64(m, 1));
  LLVMValueRef last = LLVMBuildICmp(b, LLVMIntUGE, below, emit_i64(m, s->lines), "");
  below = LLVMBuildSelect(b, last, zero, below, "");
  LLVMValueRef in_line = LLVMBuildSelect(b, over, zero, there, "");
  Turn next = turn_at(s, LLVMBuildSelect(b, over, below, line, ""), in_line);
  LLVMValueRef vectors = emit_i64(m, s->vectors * (int64_t)m->target->vector_floats);
  LLVMValueRef behind = emit_add(m, s->column, vectors);
  LLVMValueRef ends = LLVMBuildAnd(b, over, last, "");
  next.later_column = LLVMBuildSelect(b, ends, behind, s->column, "");
  return next;
}

/* Step `in_line` of line `line`, in the chunk that begins at `early` and that `next` follows. */
static Turn turn_of_chunk(const Scan *s, LLVMValueRef line, LLVMValueRef in_line,
                          LLVMValueRef early, const Turn *next) {
  ModuleContext *m = s->k->m;
  Turn at = turn_at(s, line, in_line);
  at.in_chunk = LLVMBuildSub(m->builder, in_line, early, "");
  at.later_column = next->later_column;
  LLVMValueRef tokens = emit_mul(m, at.in_chunk, (uint64_t)s->stride);
  at.later[FORWARD] = emit_add(m, next->tokens[FORWARD], tokens);
  at.later[BACK] = LLVMBuildSub(m->builder, next->tokens[BACK], tokens, "");
  return at;
}

/* The chunk of line `line` that begins at `begin`, both i64. The last begins early, and has some
 * steps behind it that were taken before. */
static void walk_chunk(const Scan *s, const Walk *walk, LLVMValueRef line, LLVMValueRef begin,
                       LLVMValueRef *states, uint32_t first, uint32_t count) {
  ModuleContext *m = s->k->m;
  LLVMValueRef early = emit_least(m, begin, emit_i64(m, (int64_t)s->length - s->chunk));
  Turn start = turn_at(s, line, early), next = next_chunk(s, line, early);
  for (uint32_t way = 0; way < WAYS; ++way) {
    if (!walk->ways[way] || !s->steps[way].rank) continue;
    scan_steps_make(s, way, start.tokens[way], next.tokens[way]);
  }
  StateLoop steps;
  LoopRange range = {begin, emit_add(m, early, emit_i64(m, s->chunk)), 1};
  LLVMValueRef in_line = enter(s, &steps, range, states + first, count);
  Turn at = turn_of_chunk(s, line, in_line, early, &next);
  walk_step(s, walk, &at, states);
  leave(s, &steps);
}

/* All states are 0 at first. */
static void walk_map(const Scan *s, const Walk *walk) {
  ModuleContext *m = s->k->m;
  uint32_t first = state_index(s, walk->ways[FORWARD] ? FORWARD : BACK, 0);
  uint32_t count = state_index(s, walk->ways[BACK] ? WAYS : BACK, 0) - first;
  LLVMValueRef states[LOOP_MAX_CARRIED];
  CHECK(first + count <= LOOP_MAX_CARRIED);
  for (uint32_t i = 0; i < count; ++i) states[first + i] = LLVMConstNull(m->vector);
  StateLoop lines, chunks;
  LoopRange all_lines = {emit_i64(m, 0), emit_i64(m, s->lines), 1};
  LoopRange line = {emit_i64(m, 0), emit_i64(m, s->length), s->chunk};
  LLVMValueRef at_line = enter(s, &lines, all_lines, states + first, count);
  LLVMValueRef begin = enter(s, &chunks, line, states + first, count);
  walk_chunk(s, walk, at_line, begin, states, first, count);
  leave(s, &chunks);
  leave(s, &lines);
}

/* Both ways at once. */
static void walk_together(const Scan *s) {
  uint64_t tokens = (uint64_t)s->lines * s->length, half = tokens / 2;
  walk_map(s, &(Walk){.ways = {true, true}, .adds = {tokens - half, half}});
}

/* One way after the other. */
static void walk_apart(const Scan *s) {
  uint64_t from = (uint64_t)s->lines * s->length;
  for (uint32_t way = 0; way < WAYS; ++way) {
    if (!s->takes[way]) continue;
    walk_map(s, &(Walk){.ways = {way == FORWARD, way == BACK}, .adds = {from, from}});
    from = 0;
  }
}

/* -- strips ------------------------------------------------------------------------------------ */

static void load_rates(Scan *s, const View *a, uint32_t channels) {
  static const double log2_e = 1.44269504088896341;
  ModuleContext *m = s->k->m;
  for (uint32_t way = 0, row = 0; way < WAYS; ++way) {
    for (uint32_t i = 0; s->takes[way] && i < s->states; ++i, ++row) {
      for (uint32_t v = 0; v < s->vectors; ++v) {
        LLVMValueRef first = emit_add(m, s->column, emit_i64(m, (int64_t)row * channels));
        uint32_t lanes = m->target->vector_floats;
        LLVMValueRef rate = emit_load(m, place(s, a, emit_i64(m, 0), first, v * lanes), lanes);
        s->rates[state_index(s, way, v) + i] = emit_fmul(m, rate, emit_splat(m, log2_e));
      }
    }
  }
}

/* Sets or, with `saved`, restores how the processor treats subnormal numbers; returns what was. */
static LLVMValueRef set_flushing(ModuleContext *m, LLVMValueRef saved) {
  enum { FLUSH_RESULTS = 1 << 15, FLUSH_OPERANDS = 1 << 6 };
  if (strncmp(m->target->triple, "x86_64", 6) != 0) return NULL;
  if (saved) {
    emit_target_intrinsic(m, "llvm.x86.sse.ldmxcsr", &saved, 1);
    return NULL;
  }
  LLVMValueRef before = emit_stack(m, 4), during = emit_stack(m, 4);
  emit_target_intrinsic(m, "llvm.x86.sse.stmxcsr", &before, 1);
  LLVMValueRef control = LLVMBuildLoad2(m->builder, m->i32, before, "");
  control = LLVMBuildOr(m->builder, control, emit_i32(m, FLUSH_RESULTS | FLUSH_OPERANDS), "");
  LLVMBuildStore(m->builder, control, during);
  emit_target_intrinsic(m, "llvm.x86.sse.ldmxcsr", &during, 1);
  return before;
}

/* The steps of the way whose operands begin at `operand`. */
static ScanSteps steps_of(KernelEmitter *k, const Node *node, uint32_t operand) {
  ScanSteps steps = {.map = view_of_map(k, node->operands[operand]),
                     .rank = (uint32_t)node->attrs.SELECTIVE_SCAN.rank};
  if (!steps.rank) return steps;
  steps.w = view_of_map(k, node->operands[operand + 1]);
  steps.bias = view_of_map(k, node->operands[operand + 2]);
  return steps;
}

/* Lines of the walk are rows of a map of height x width, one behind the other, or its columns. */
static void set_lines(Scan *s, int32_t axis, Type map) {
  bool columns = axis == 1;
  int64_t height = map.dims[1], width = map.dims[2];
  s->lines = columns ? (uint32_t)width : 1;
  s->length = (uint32_t)(columns ? height : height * width);
  s->stride = columns ? width : 1;
}

/* What is the same for all strips. */
static Scan begin(KernelEmitter *k, const Node *node) {
  const AttrsSELECTIVE_SCAN *a = &node->attrs.SELECTIVE_SCAN;
  Scan s = {.k = k,
            .u = view_of_map(k, node->operands[U]),
            .p = view_of_map(k, node->operands[P]),
            .y = k->result_views[0],
            .takes = {(a->ways & 1) != 0, (a->ways & 2) != 0}};
  uint32_t ways = s.takes[FORWARD] + (uint32_t)s.takes[BACK], operand = STEPS;
  CHECK(ways > 0);
  s.states = value_channels(k, node->operands[P]) / (2 * ways);
  s.vectors = s.states > 2 ? 1 : GROUP;
  for (uint32_t way = 0, taken = 0; way < WAYS; ++way) {
    if (!s.takes[way]) continue;
    s.p_of[way] = 2 * (uint64_t)s.states * taken++;
    s.steps[way] = steps_of(k, node, operand);
    operand += a->rank ? 3 : 1;
  }
  set_lines(&s, a->axis, graph_type(k->body, node_result(node, 0)));
  uint32_t most =
      k->m->target->vector_floats < PLAN_STRIP ? (uint32_t)MOST_TOKENS : (uint32_t)MOST_TOKENS_WIDE;
  s.chunk = ceil_div_u32(s.length, ceil_div_u32(s.length, most));
  scan_steps_begin(&s);
  s.nothing = emit_stack(k->m, k->m->target->vector_floats * sizeof(float));
  emit_store(k->m, emit_splat(k->m, -0.0), s.nothing, k->m->target->vector_floats);
  return s;
}

/* Walks over strips from `begin` to `end` (i64), `each` at a time: as many vectors as are at hand,
 * or one after the other. */
static void walk_strips(Scan s, const View *a, uint32_t channels, PanelRange range, uint32_t each) {
  ModuleContext *m = s.k->m;
  uint32_t lanes = m->target->vector_floats, most = each * PLAN_STRIP / lanes;
  if (s.vectors > most) s.vectors = most;
  bool together = s.takes[FORWARD] && s.takes[BACK] &&
                  WAYS * s.vectors * s.states <= m->target->vector_registers / 2;
  Loop strips, groups;
  loop_begin(m, &strips, range.begin, range.end, each);
  loop_begin(m, &groups, emit_i64(m, 0), emit_i64(m, each * PLAN_STRIP), s.vectors * lanes);
  s.strip = strips.index;
  s.within = groups.index;
  s.column = emit_add(m, emit_mul(m, s.strip, PLAN_STRIP), s.within);
  load_rates(&s, a, channels);
  (together ? walk_together : walk_apart)(&s);
  loop_end(m, &groups, NULL);
  loop_end(m, &strips, NULL);
}

/* Walks over the strips of a task, in pairs where a vector is as wide as a strip. */
static void walk_task(const Scan *s, const View *a, uint32_t channels) {
  ModuleContext *m = s->k->m;
  uint32_t strips = ceil_div_u32(channels, PLAN_STRIP), tasks = s->k->kernel->column_blocks;
  uint32_t each = s->vectors * m->target->vector_floats / PLAN_STRIP;
  uint32_t least = strips / tasks, most = ceil_div_u32(strips, tasks);
  PanelRange range = kernel_parts(s->k, strips), pairs = range;
  if (each < 2 || most < each) {
    walk_strips(*s, a, channels, range, 1);
    return;
  }
  bool odd = least % each || most % each;
  if (odd) {
    LLVMValueRef count = LLVMBuildSub(m->builder, range.end, range.begin, "");
    LLVMValueRef rest = LLVMBuildURem(m->builder, count, emit_i64(m, each), "");
    range.begin = pairs.end = LLVMBuildSub(m->builder, range.end, rest, "");
  }
  walk_strips(*s, a, channels, pairs, each);
  if (odd) walk_strips(*s, a, channels, range, 1);
}

void selective_scan_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  Scan s = begin(k, node);
  View a = view_of_map(k, node->operands[A]);
  LLVMValueRef saved = set_flushing(m, NULL);
  walk_task(&s, &a, value_channels(k, node_result(node, 0)));
  if (saved) set_flushing(m, saved);
}
