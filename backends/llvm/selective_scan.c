/* selective_scan: recurrences along walks over a map. A task has some strips of channels, for each
 * of which it walks over the whole map, states in registers:
 *
 *   for each strip, for each of its vectors or pairs of vectors:
 *     for each step of the walk:
 *       m     = 2^(step * rate) - 1                     rate = a log2(e)
 *       state = state + (m * state + (step * u) * B)    of each state, in the order of the walk
 *       y     = sum over the states of C * state
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

#include "backends/llvm/kernel.h"
#include "support/checked_math.h"
#include "support/panic.h"

enum { U, P, A, STEPS, FORWARD = 0, BACK = 1, WAYS = 2, GROUP = 2, AHEAD = 6 };

/* Of one strip. Arrays go by way, then by vector, then by state. */
typedef struct Scan {
  KernelEmitter *k;
  View u, p, y, steps[WAYS];
  bool takes[WAYS];    /* the ways */
  uint64_t p_of[WAYS]; /* channel of p where B of a way begins; C stands behind it */
  bool columns;        /* column by column, of a map of height x width */
  uint32_t height, width, states, vectors;
  LLVMValueRef column; /* i64: the first channel */
  LLVMValueRef rates[LOOP_MAX_CARRIED];
} Scan;

/* What goes on from step to step: where a walk by columns is, forward, and the states. */
typedef struct Progress {
  LLVMValueRef token, line; /* i64; the line of the token */
  LLVMValueRef states[LOOP_MAX_CARRIED];
} Progress;

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

/* What does not depend on the states, for all of them before any goes on: their exponentials take
 * turns. */
static void find_changes(const Scan *s, const LLVMValueRef tokens[WAYS], const bool ways[WAYS],
                         Changes *changes) {
  ModuleContext *m = s->k->m;
  LLVMValueRef powers[LOOP_MAX_CARRIED];
  uint32_t places[LOOP_MAX_CARRIED], count = 0;
  for (uint32_t way = 0; way < WAYS; ++way) {
    for (uint32_t v = 0; ways[way] && v < s->vectors; ++v) {
      LLVMValueRef step = load(s, &s->steps[way], tokens[way], v);
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

/* Asks for the lines of the token that the way reaches AHEAD steps later. A walk is too thin a
 * stream, one line of each row, for what the processor asks for by itself. */
static void prefetch(const Scan *s, uint32_t way, LLVMValueRef token) {
  ModuleContext *m = s->k->m;
  int64_t ahead = AHEAD * (s->columns ? (int64_t)s->width : 1);
  LLVMValueRef later = emit_add(m, token, emit_i64(m, way == FORWARD ? ahead : -ahead));
  const View *views[] = {&s->u, &s->steps[way], &s->y};
  for (uint32_t i = 0; i < sizeof views / sizeof *views; ++i) {
    emit_prefetch(m, place(s, views[i], later, s->column, 0));
  }
  emit_prefetch(m, place(s, &s->p, later, emit_i64(m, 0), s->p_of[way]));
}

/* One way at one token: y is written, or added to what is there. */
static void visit(const Scan *s, uint32_t way, LLVMValueRef token, bool adds,
                  const Changes *changes, LLVMValueRef *states) {
  ModuleContext *m = s->k->m;
  uint32_t lanes = m->target->vector_floats;
  for (uint32_t v = 0; v < s->vectors; ++v) {
    LLVMValueRef y = advance(s, way, token, v, changes, states);
    if (adds) y = emit_fadd(m, load(s, &s->y, token, v), y);
    for (uint32_t r = 0; r < s->k->kernel->result_count; ++r) { /* all are y */
      const View *result = &s->k->result_views[r];
      emit_store(m, y, place(s, result, token, s->column, v * lanes), lanes);
    }
  }
}

/* -- walks ------------------------------------------------------------------------------------- */

/* The token behind `at` of the way forward by columns: a line down, or the next column's first. */
static void move_on(const Scan *s, Progress *at) {
  ModuleContext *m = s->k->m;
  int64_t height = s->height, width = s->width;
  LLVMValueRef line = emit_add(m, at->line, emit_i64(m, 1));
  LLVMValueRef ends = LLVMBuildICmp(m->builder, LLVMIntEQ, line, emit_i64(m, height), "");
  LLVMValueRef moves = LLVMBuildSelect(m->builder, ends, emit_i64(m, 1 - (height - 1) * width),
                                       emit_i64(m, width), "");
  at->token = emit_add(m, at->token, moves);
  at->line = LLVMBuildSelect(m->builder, ends, emit_i64(m, 0), line, "");
}

/* Step `step` (i64) of the ways `ways`. */
static void walk_step(const Scan *s, LLVMValueRef step, const bool ways[WAYS], bool adds[WAYS],
                      Progress *at) {
  ModuleContext *m = s->k->m;
  int64_t last = (int64_t)s->height * s->width - 1;
  LLVMValueRef token = s->columns ? at->token : step;
  LLVMValueRef tokens[WAYS] = {token, LLVMBuildSub(m->builder, emit_i64(m, last), token, "")};
  for (uint32_t way = 0; way < WAYS; ++way) {
    if (ways[way]) prefetch(s, way, tokens[way]);
  }
  Changes changes;
  find_changes(s, tokens, ways, &changes);
  for (uint32_t way = 0; way < WAYS; ++way) {
    if (ways[way]) visit(s, way, tokens[way], adds[way], &changes, at->states);
  }
  if (s->columns) move_on(s, at);
}

/* Steps [begin, end). */
static void walk_steps(const Scan *s, uint64_t begin, uint64_t end, const bool ways[WAYS],
                       bool adds[WAYS], Progress *at) {
  ModuleContext *m = s->k->m;
  uint32_t first = state_index(s, ways[FORWARD] ? FORWARD : BACK, 0), all = 0;
  uint32_t count = state_index(s, ways[BACK] ? WAYS : BACK, 0) - first;
  LLVMValueRef carried[LOOP_MAX_CARRIED], *states = at->states + first;
  if (begin == end) return;
  for (uint32_t i = 0; i < count; ++i) carried[all++] = states[i];
  if (s->columns) {
    carried[all++] = at->token;
    carried[all++] = at->line;
  }
  CHECK(all <= LOOP_MAX_CARRIED);
  Loop loop;
  loop_begin_carrying(m, &loop,
                      (LoopRange){emit_i64(m, (int64_t)begin), emit_i64(m, (int64_t)end), 1},
                      carried, all);
  for (int inside = 1; inside >= 0; --inside) {
    for (uint32_t i = 0; i < count; ++i) states[i] = loop.carried[i];
    if (s->columns) at->token = loop.carried[count], at->line = loop.carried[count + 1];
    if (!inside) break;
    walk_step(s, loop.index, ways, adds, at);
    for (uint32_t i = 0; i < count; ++i) carried[i] = states[i];
    if (s->columns) carried[count] = at->token, carried[count + 1] = at->line;
    loop_end(m, &loop, carried);
  }
}

/* At the first token, all states 0. */
static Progress start(const Scan *s) {
  ModuleContext *m = s->k->m;
  Progress at = {.token = emit_i64(m, 0), .line = emit_i64(m, 0)};
  for (uint32_t i = 0; i < WAYS * s->vectors * s->states; ++i) {
    at.states[i] = LLVMConstNull(m->vector);
  }
  return at;
}

/* Both ways at once. */
static void walk_together(const Scan *s) {
  uint64_t tokens = (uint64_t)s->height * s->width, half = tokens / 2;
  Progress at = start(s);
  walk_steps(s, 0, half, s->takes, (bool[]){false, false}, &at);
  walk_steps(s, half, tokens - half, s->takes, (bool[]){false, true}, &at);
  walk_steps(s, tokens - half, tokens, s->takes, (bool[]){true, true}, &at);
}

/* One way after the other. */
static void walk_apart(const Scan *s) {
  uint64_t tokens = (uint64_t)s->height * s->width;
  bool adds = false;
  for (uint32_t way = 0; way < WAYS; ++way) {
    if (!s->takes[way]) continue;
    Progress at = start(s);
    walk_steps(s, 0, tokens, (bool[]){way == FORWARD, way == BACK}, (bool[]){adds, adds}, &at);
    adds = true;
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

/* What is the same for all strips. */
static Scan begin(KernelEmitter *k, const Node *node) {
  const AttrsSELECTIVE_SCAN *a = &node->attrs.SELECTIVE_SCAN;
  Type map = graph_type(k->body, node_result(node, 0));
  Scan s = {.k = k,
            .u = view_of_map(k, node->operands[U]),
            .p = view_of_map(k, node->operands[P]),
            .y = k->result_views[0],
            .takes = {(a->ways & 1) != 0, (a->ways & 2) != 0},
            .columns = a->axis == 1,
            .height = (uint32_t)map.dims[1],
            .width = (uint32_t)map.dims[2]};
  uint32_t ways = s.takes[FORWARD] + (uint32_t)s.takes[BACK], operand = STEPS;
  CHECK(ways > 0);
  s.states = value_channels(k, node->operands[P]) / (2 * ways);
  for (uint32_t way = 0; way < WAYS; ++way) {
    if (!s.takes[way]) continue;
    s.p_of[way] = 2 * (uint64_t)s.states * (operand - STEPS);
    s.steps[way] = view_of_map(k, node->operands[operand++]);
  }
  return s;
}

void selective_scan_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  Scan s = begin(k, node);
  View a = view_of_map(k, node->operands[A]);
  uint32_t channels = value_channels(k, node_result(node, 0)), lanes = m->target->vector_floats;
  uint32_t vectors = PLAN_STRIP / lanes;
  s.vectors = vectors < GROUP || s.states > 2 ? 1 : GROUP;
  bool together = s.takes[FORWARD] && s.takes[BACK] &&
                  WAYS * s.vectors * s.states <= m->target->vector_registers / 2;
  LLVMValueRef saved = set_flushing(m, NULL);
  Loop strips, groups;
  PanelRange range = kernel_parts(k, ceil_div_u32(channels, PLAN_STRIP));
  loop_begin(m, &strips, range.begin, range.end, 1);
  loop_begin(m, &groups, emit_i64(m, 0), emit_i64(m, vectors), s.vectors);
  s.column = emit_add(m, emit_mul(m, strips.index, PLAN_STRIP), emit_mul(m, groups.index, lanes));
  load_rates(&s, &a, channels);
  (together ? walk_together : walk_apart)(&s);
  loop_end(m, &groups, NULL);
  loop_end(m, &strips, NULL);
  if (saved) set_flushing(m, saved);
}
