/* Kernels under test: a body built by hand, placed by a simple rule, emitted, run in process by
 * LLVM's JIT for every x86-64 level that the machine has, and compared with the interpreter.
 *
 * Rows in memory have their padding filled with NaN; a caller's tensors end at a page that may not
 * be touched and begin behind one, so that any access outside of them ends the test. */
#ifndef ATMC_TESTS_KERNEL_FIXTURE_H
#define ATMC_TESTS_KERNEL_FIXTURE_H

#include <criterion/criterion.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <llvm-c/OrcEE.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backends/backend.h"
#include "backends/llvm/emit.h"
#include "backends/target/targets.h"
#include "ir/builder.h"
#include "ir/kernel_args.h"
#include "ir/plan_room.h"
#include "passes/plan_parts.h"
#include "runtime/atm_runtime.h"
#include "support/checked_math.h"

enum { FIXTURE_MAX_PORTS = 16, FIXTURE_MAX_STAGES = 32, FIXTURE_PAGE = 4096 };

typedef void KernelFunction(void **args, uint32_t task, uint32_t worker);

typedef struct Fixture {
  Arena *arena;
  Builder b;
  Port operands[FIXTURE_MAX_PORTS], results[FIXTURE_MAX_PORTS];
  InterpTensor data[FIXTURE_MAX_PORTS]; /* of the operands */
  uint32_t operand_count, result_count;
  Stage stages[FIXTURE_MAX_STAGES];
  uint32_t column_blocks; /* 0: as 1 */
  uint32_t parts;         /* of each line of a winograd's quads; 0: as 1 */
  bool past;              /* results in nchw go past the caches */
  size_t behind;          /* floats between a result and the page that may not be touched */
  PlanKernel kernel;
} Fixture;

static inline Fixture fixture_new(void) {
  Fixture f = {.arena = arena_new()};
  f.b.graph = graph_new(f.arena, recipe_table_new(f.arena), "body");
  return f;
}

static inline double fixture_random(void) {
  static uint32_t state = 1;
  state = state * 1664525u + 1013904223u;
  return (double)(float)((double)state / 2147483648.0 - 1.0);
}

/* -- operands and results ---------------------------------------------------------------------- */

/* An operand with random content in [-spread, spread]. */
static inline ValueId fixture_operand(Fixture *f, PortKind kind, bool nchw, Type type,
                                      double spread) {
  uint32_t i = f->operand_count++;
  int64_t count = 0;
  cr_assert(i < FIXTURE_MAX_PORTS && type_count(type, &count));
  uint32_t pitch = (uint32_t)round_up_size((size_t)type_channels(type), plan_pitch_unit(type));
  f->operands[i] =
      (Port){.kind = kind, .nchw = nchw, .pitch = kind == PORT_ROWS ? pitch : 0, .type = type};
  f->data[i] = (InterpTensor){type, ARENA_ARRAY(f->arena, (size_t)count, double)};
  for (int64_t e = 0; e < count; ++e) {
    f->data[i].data[e] = (double)(float)(spread * fixture_random());
  }
  return build_input(f->b, arena_printf(f->arena, "a%u", i), type, nchw);
}
static inline ValueId fixture_rows(Fixture *f, Type type) {
  return fixture_operand(f, PORT_ROWS, false, type, 1.0);
}
static inline ValueId fixture_weights(Fixture *f, uint32_t rank, const int64_t *dims) {
  return fixture_operand(f, PORT_WEIGHTS, false, type_make(rank, dims), 1.0);
}
static inline ValueId fixture_vector(Fixture *f, int64_t count) {
  return fixture_weights(f, 1, &count);
}
static inline double *fixture_data(Fixture *f) { /* of the last operand */
  return f->data[f->operand_count - 1].data;
}
/* The caller's bytes. */
static inline ValueId fixture_bytes(Fixture *f, bool nchw, Type type) {
  ValueId x = fixture_operand(f, PORT_CALLER, nchw, type_with_dtype(type, DTYPE_U8), 1);
  int64_t count = 0;
  cr_assert(type_count(type, &count));
  for (int64_t i = 0; i < count; ++i) fixture_data(f)[i] = (double)(i * 37 % 256);
  return x;
}
/* linear with packed random weights and bias. */
static inline ValueId fixture_linear(Fixture *f, ValueId x, int64_t channels) {
  int64_t depth = type_channels(graph_type(f->b.graph, x));
  ValueId w = fixture_weights(f, 3, (int64_t[]){(channels + 31) / 32, depth, 32});
  ValueId bias = fixture_vector(f, channels);
  return build_packed_linear(f->b, x, w, bias, PLAN_PANEL, (int32_t)channels);
}

/* Elements between the rows of `v`. */
static inline uint32_t fixture_pitch(const Graph *body, ValueId v) {
  Type type = graph_type(body, v);
  if (plan_is_scales(body, v)) return 1;
  return (uint32_t)round_up_size((size_t)type_channels(type), plan_pitch_unit(type));
}

static inline void fixture_result(Fixture *f, ValueId value, PortKind kind, bool nchw) {
  uint32_t i = f->result_count++;
  Type type = graph_type(f->b.graph, value);
  uint32_t pitch = fixture_pitch(f->b.graph, value);
  f->results[i] =
      (Port){.kind = kind, .nchw = nchw, .pitch = kind == PORT_ROWS ? pitch : 0, .type = type};
  graph_add_output(f->b.graph, arena_printf(f->arena, "r%u", i), value, nchw);
}

/* -- places and stages ------------------------------------------------------------------------- */

/* Every anchor begins a stage; pointwise ops behind it join where they may. */
static inline void fixture_stages(Fixture *f, uint32_t *stage_of) {
  const Graph *body = f->b.graph;
  uint32_t count = 0;
  OpKind anchor = OP_INPUT;
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    for (uint32_t r = 0; r < node->result_count; ++r) {
      stage_of[node_result(node, r).index] = UINT32_MAX;
    }
    if (node->op == OP_INPUT || node->op == OP_SLICE) continue;
    if (!op_has(node->op, OP_POINTWISE) || !op_has(anchor, OP_EPILOGUE)) {
      cr_assert(count < FIXTURE_MAX_STAGES);
      Stage *stage = &f->stages[count++];
      *stage = (Stage){.kind = op_info(node->op)->stage,
                       .nodes = ARENA_ARRAY(f->arena, body->node_count, NodeId)};
      anchor = node->op;
    }
    cr_assert(count > 0 && f->stages[count - 1].nodes);
    Stage *stage = &f->stages[count - 1];
    ((NodeId *)stage->nodes)[stage->node_count++] = (NodeId){i};
    for (uint32_t r = 0; r < node->result_count; ++r) {
      stage_of[node_result(node, r).index] = count - 1;
    }
  }
  f->kernel.stages = f->stages;
  f->kernel.stage_count = count;
}

/* Is `value` read outside of its stage, or by an anchor? */
static inline bool fixture_needs_memory(const Graph *body, uint32_t value,
                                        const uint32_t *stage_of) {
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    for (uint32_t o = 0; o < node->operand_count; ++o) {
      bool same = stage_of[node->first_result.index] == stage_of[value];
      if (node->operands[o].index == value && !(same && op_has(node->op, OP_POINTWISE))) {
        return true;
      }
    }
  }
  return false;
}

static inline ValuePlace fixture_place(Fixture *f, const ValuePlace *places, uint32_t v,
                                       const uint32_t *stage_of, uint32_t *inputs) {
  const Graph *body = f->b.graph;
  const Node *node = graph_def(body, (ValueId){v});
  uint32_t pitch = fixture_pitch(body, (ValueId){v});
  if (node->op == OP_INPUT) {
    uint32_t index = (*inputs)++;
    if (f->operands[index].kind == PORT_ROWS) f->operands[index].pitch = pitch;
    return (ValuePlace){.kind = PLACE_OPERAND, .index = index, .pitch = f->operands[index].pitch};
  }
  if (node->op == OP_SLICE) {
    ValuePlace place = places[node->operands[0].index];
    place.column += (uint32_t)node->attrs.SLICE.begin;
    return place;
  }
  bool in_memory = fixture_needs_memory(body, v, stage_of);
  for (uint32_t r = 0; r < body->output_count; ++r) {
    if (body->outputs[r].value.index != v) continue;
    if (!f->results[r].nchw) {
      return (ValuePlace){.kind = PLACE_RESULT, .index = r, .pitch = f->results[r].pitch};
    }
    in_memory = true;
  }
  if (!in_memory) return (ValuePlace){.kind = PLACE_REGISTER};
  if (node->op == OP_PATCHES && node->attrs.PATCHES.strip) {
    const AttrsPATCHES *patches = &node->attrs.PATCHES;
    Type map = graph_type(body, node->operands[0]), out = body->values[v].type;
    size_t floats =
        round_up_size((size_t)plan_strip_floats(patches, map, out), PLAN_PITCH_BYTES / 4);
    ValuePlace strip = {
        .kind = PLACE_STRIP, .offset = f->kernel.scratch_bytes, .pitch = (uint32_t)floats};
    uint64_t planes = patches->channels_first ? (uint64_t)map.dims[3] : 1;
    f->kernel.scratch_bytes +=
        round_up_size(4 * planes * floats * plan_strip_lines(patches, (uint64_t)out.dims[1]), 64);
    f->kernel.line = (uint32_t)out.dims[2];
    return strip;
  }
  ValuePlace place = {.kind = PLACE_SCRATCH, .offset = f->kernel.scratch_bytes, .pitch = pitch};
  f->kernel.scratch_bytes += 4 * (uint64_t)pitch * f->kernel.rows;
  return place;
}

/* How winograds are cut; blocks are of pairs of lines. */
static inline void fixture_winograds(Fixture *f) {
  for (uint32_t i = 0; i < f->kernel.stage_count; ++i) {
    Stage *stage = &f->stages[i];
    if (stage->kind != STAGE_WINOGRAD) continue;
    const Node *node = graph_node(f->kernel.body, stage->nodes[0]);
    int64_t depth = type_channels(graph_type(f->kernel.body, node->operands[0]));
    stage->product.depth_block = choose_depth_block((uint32_t)depth, DTYPE_F32);
    stage->parts = f->parts ? f->parts : 1;
    choose_winograd_line(&f->kernel);
  }
}

/* Rooms of the stages, behind what is in scratch already; to be made again where a test changes how
 * a product is computed. */
static inline void fixture_rooms(Fixture *f, const TargetInfo *target) {
  for (uint32_t i = 0; i < f->kernel.stage_count; ++i) {
    uint64_t bytes = plan_room_bytes(&f->kernel, &f->stages[i], target);
    if (!bytes) continue;
    f->stages[i].room = round_up_size(f->kernel.scratch_bytes, PLAN_ALIGN);
    f->kernel.scratch_bytes = f->stages[i].room + bytes;
  }
}

static inline void fixture_plan(Fixture *f, uint32_t images, uint32_t rows, uint32_t blocks,
                                const TargetInfo *target) {
  const Graph *body = f->b.graph;
  f->kernel = (PlanKernel){.name = "kernel",
                           .body = body,
                           .images = images,
                           .rows = rows,
                           .blocks = blocks,
                           .line = 1,
                           .column_blocks = f->column_blocks ? f->column_blocks : 1,
                           .operand_count = f->operand_count,
                           .result_count = f->result_count,
                           .operands = f->operands,
                           .results = f->results};
  uint32_t *stage_of = ARENA_ARRAY(f->arena, body->value_count, uint32_t), inputs = 0;
  fixture_stages(f, stage_of);
  ValuePlace *places = ARENA_ARRAY(f->arena, body->value_count, ValuePlace);
  for (uint32_t v = 0; v < body->value_count; ++v) {
    places[v] = fixture_place(f, places, v, stage_of, &inputs);
  }
  f->kernel.places = places;
  fixture_winograds(f);
  choose_tiles(&f->kernel, target);
  fixture_rooms(f, target);
  choose_reach(&f->kernel, target);
  for (uint32_t i = 0; f->past && i < f->result_count; ++i) {
    if (f->results[i].nchw) f->results[i].reach = REACH_PAST;
  }
}

/* -- memory ------------------------------------------------------------------------------------ */

typedef struct FixtureBuffer {
  float *data;
  char *mapping;
  size_t mapped;
} FixtureBuffer;

/* `floats` floats that end (or, with `slack`, end 128 bytes before) a page that may not be touched.
 */
static inline FixtureBuffer fixture_buffer(size_t floats, bool slack) {
  size_t bytes = 4 * floats;
  if (slack) bytes = round_up_size(bytes, 128) + 128;
  size_t inside = round_up_size(bytes, FIXTURE_PAGE);
  FixtureBuffer buffer = {.mapped = inside + 2 * FIXTURE_PAGE};
  buffer.mapping = mmap(NULL, buffer.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  cr_assert(buffer.mapping != MAP_FAILED);
  cr_assert(!mprotect(buffer.mapping + FIXTURE_PAGE, inside, PROT_READ | PROT_WRITE));
  buffer.data = (void *)(buffer.mapping + FIXTURE_PAGE + inside - bytes);
  for (size_t i = 0; i < bytes / 4; ++i) buffer.data[i] = NAN;
  return buffer;
}

static inline void fixture_release(FixtureBuffer *buffer) {
  munmap(buffer->mapping, buffer->mapped);
}

/* Where element `e` (logical order) of a tensor stands in its port's memory, in floats. */
static inline size_t fixture_index(const Port *port, size_t e) {
  size_t channels = (size_t)type_channels(port->type);
  if (port->kind == PORT_ROWS) return e / channels * port->pitch + e % channels;
  if (!port->nchw) return e;
  size_t rows = (size_t)(port->type.dims[1] * port->type.dims[2]);
  size_t image = e / (rows * channels), row = e / channels % rows;
  return (image * channels + e % channels) * rows + row;
}

static inline FixtureBuffer fixture_port(const Port *port) {
  int64_t count = 0;
  cr_assert(type_count(port->type, &count));
  size_t rows = (size_t)(count / type_channels(port->type));
  if (port->kind == PORT_ROWS) return fixture_buffer(rows * port->pitch, true);
  FixtureBuffer buffer = fixture_buffer((size_t)count, port->kind == PORT_WEIGHTS);
  if (port->kind == PORT_WEIGHTS) {
    memset(buffer.data, 0, 4 * round_up_size((size_t)count, 32));
  }
  return buffer;
}

static inline FixtureBuffer fixture_fill(const Port *port, const InterpTensor *tensor) {
  FixtureBuffer buffer = fixture_port(port);
  int64_t count = 0;
  cr_assert(type_count(port->type, &count));
  for (size_t e = 0; e < (size_t)count; ++e) {
    DType dtype = port->type.dtype;
    char *at = (char *)buffer.data + fixture_index(port, e) * dtype_bytes(dtype);
    dtype_write(dtype, &tensor->data[e], 1, at);
  }
  return buffer;
}

/* -- running ----------------------------------------------------------------------------------- */

typedef struct FixtureCode {
  LLVMOrcLLJITRef jit;
  KernelFunction *function;
} FixtureCode;

static inline void fixture_must(LLVMErrorRef error) {
  if (error) cr_assert_fail("%s", LLVMGetErrorMessage(error));
}

static inline LLVMTargetMachineRef fixture_machine(const TargetInfo *target) {
  LLVMTargetRef code = NULL;
  char *message = NULL;
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  cr_assert(!LLVMGetTargetFromTriple(target->triple, &code, &message), "%s", message);
  return LLVMCreateTargetMachine(code, target->triple, target->cpu, target->features,
                                 LLVMCodeGenLevelDefault, LLVMRelocPIC, LLVMCodeModelSmall);
}

/* The kernel's module, optimized as for an object. */
static inline LLVMModuleRef fixture_module(Fixture *f, const TargetInfo *target,
                                           LLVMContextRef context, LLVMTargetMachineRef machine) {
  ModuleContext m = emit_open(context, "test", target, f->arena);
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
  LLVMSetModuleDataLayout(m.module, layout);
  LLVMDisposeTargetData(layout);
  LLVMSetVisibility(kernel_emit(&m, &f->kernel, "kernel"), LLVMDefaultVisibility);
  emit_close(&m);
  char *message = NULL;
  cr_assert(!LLVMVerifyModule(m.module, LLVMReturnStatusAction, &message), "%s", message);
  LLVMDisposeMessage(message);
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  fixture_must(LLVMRunPasses(m.module, "function(sroa,early-cse,instcombine<no-verify-fixpoint>)",
                             machine, options));
  LLVMDisposePassBuilderOptions(options);
  return m.module;
}

static inline FixtureCode fixture_compile(Fixture *f, const TargetInfo *target) {
  LLVMTargetMachineRef machine = fixture_machine(target);
  LLVMContextRef context = LLVMContextCreate();
  LLVMModuleRef module = fixture_module(f, target, context, machine);
  LLVMMemoryBufferRef object = NULL;
  char *message = NULL;
  cr_assert(
      !LLVMTargetMachineEmitToMemoryBuffer(machine, module, LLVMObjectFile, &message, &object),
      "%s", message);
  LLVMDisposeModule(module);
  LLVMContextDispose(context);
  LLVMDisposeTargetMachine(machine);
  FixtureCode code;
  LLVMOrcExecutorAddress address = 0;
  fixture_must(LLVMOrcCreateLLJIT(&code.jit, NULL));
  LLVMOrcJITDylibRef library = LLVMOrcLLJITGetMainJITDylib(code.jit);
  fixture_must(LLVMOrcLLJITAddObjectFile(code.jit, library, object));
  fixture_must(LLVMOrcLLJITLookup(code.jit, &address, "kernel"));
  code.function = (KernelFunction *)(uintptr_t)address;
  return code;
}

/* Runs all tasks, on two workers in turn. `results` are fresh buffers. */
static inline void fixture_run(Fixture *f, KernelFunction *function, FixtureBuffer *operands,
                               FixtureBuffer *results) {
  void *args[KERNEL_ARG_OPERANDS + 3 * FIXTURE_MAX_PORTS + 1] = {NULL}; /* all is packed */
  uint64_t stride = round_up_size(f->kernel.scratch_bytes + 128, PLAN_ALIGN);
  FixtureBuffer scratch = fixture_buffer(2 * stride / 4, true);
  args[KERNEL_ARG_SCRATCH] = scratch.data;
  args[KERNEL_ARG_OTHERS] = (char *)scratch.data + stride;
  for (uint32_t i = 0; i < f->operand_count; ++i) args[kernel_arg_operand(i)] = operands[i].data;
  for (uint32_t i = 0; i < f->result_count; ++i) {
    args[kernel_arg_result(&f->kernel, i)] = results[i].data;
  }
  uint32_t tasks = plan_tasks(&f->kernel);
  for (uint32_t task = tasks; task-- > 0;) function(args, task, task % 2);
  fixture_release(&scratch);
}

static inline void fixture_compare(const Port *port, const float *actual,
                                   const InterpTensor *expected, double tolerance,
                                   const char *where) {
  int64_t count = 0;
  double largest = 0;
  cr_assert(type_count(expected->type, &count));
  for (int64_t e = 0; e < count; ++e) largest = fmax(largest, fabs(expected->data[e]));
  for (int64_t e = 0; e < count; ++e) {
    double value, want = expected->data[e];
    size_t at = fixture_index(port, (size_t)e) * dtype_bytes(port->type.dtype);
    dtype_read(port->type.dtype, (const char *)actual + at, 1, &value);
    bool close = isnan(want) ? isnan(value) : fabs(value - want) <= tolerance * largest;
    close = close || value == want;
    if (!close) {
      cr_assert_fail("%s: element %ld is %.9g, expected %.9g", where, (long)e, value, want);
    }
  }
}

static inline void fixture_check_target(Fixture *f, const TargetInfo *target,
                                        const InterpTensor *expected, double tolerance) {
  FixtureCode code = fixture_compile(f, target);
  FixtureBuffer operands[FIXTURE_MAX_PORTS], results[FIXTURE_MAX_PORTS];
  for (uint32_t i = 0; i < f->operand_count; ++i) {
    operands[i] = fixture_fill(&f->operands[i], &f->data[i]);
  }
  for (uint32_t i = 0; i < f->result_count; ++i) {
    results[i] = fixture_port(&f->results[i]);
    results[i].data -= f->behind;
  }
  fixture_run(f, code.function, operands, results);
  for (uint32_t i = 0; i < f->result_count; ++i) {
    fixture_compare(&f->results[i], results[i].data, &expected[i], tolerance, target->name);
    fixture_release(&results[i]);
  }
  for (uint32_t i = 0; i < f->operand_count; ++i) fixture_release(&operands[i]);
  fixture_must(LLVMOrcDisposeLLJIT(code.jit));
}

/* Compares the kernel, cut into `blocks`, with the interpreter on every level of this machine; the
 * error allowed is `tolerance` times the largest element. */
static inline void fixture_check(Fixture *f, uint32_t images, uint32_t rows, uint32_t blocks,
                                 double tolerance) {
  InterpTensor expected[FIXTURE_MAX_PORTS];
  Diag diag = {.stream = stderr};
  cr_assert_eq(interp_run(f->b.graph, NULL, f->arena, &diag, f->data, expected), STATUS_OK);
  for (uint32_t i = 0; i < target_family_x86.row_count; ++i) {
    const TargetInfo *target = &target_family_x86.rows[i].info;
    if ((atm_cpu_isa() & target->isa_bits) != target->isa_bits) continue;
    fixture_plan(f, images, rows, blocks, target);
    fixture_check_target(f, target, expected, tolerance);
  }
}

static inline void fixture_free(Fixture *f) {
  arena_free(f->arena);
}

#endif
