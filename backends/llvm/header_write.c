/* The C header of an artifact: C99 and C++, one file (the runtime's public header is included in
 * it, under that header's own guard).
 *
 *   PREFIX_model, PREFIX_find, PREFIX_check_weights   prototypes
 *   PREFIX_WORKSPACE_BYTES_HxW(threads)               macros of each resolution
 *   PREFIX_IN_NAME_ELEMENTS_HxW, PREFIX_OUT_NAME_ELEMENTS_HxW   elements of each tensor
 *   PREFIX_run_HxW                                    prototype
 *   PREFIX_run_strided_HxW                            another, where inputs take bytes
 *   PREFIX_infer_HxW                                  the same with one parameter for each tensor
 *   all of these without _HxW                         of the first resolution
 *   PREFIX_WORKSPACE_BYTES_MAX(threads)               enough for each of them
 *   PREFIX_SELFTEST_BYTES(threads), PREFIX_selftest, PREFIX_selftest_env   with --selftest
 */
#include <ctype.h>
#include <string.h>

#include "backends/backend.h"
#include "backends/llvm/embedded_runtime.h"
#include "support/panic.h"

typedef struct Header {
  StringBuilder text;
  Arena *arena;
  const ArtifactSpec *spec;
  const Plan *const *plans; /* of the first variant: what they say of tensors, all say */
  const char *prefix;
  const char *upper; /* of macros */
} Header;

#define ADD(header, ...) string_builder_printf(&(header)->text, __VA_ARGS__)

/* `text` as a part of an identifier: other characters become '_'. */
static char *identifier(Arena *arena, const char *text, bool upper) {
  char *copy = arena_strdup(arena, text);
  for (char *c = copy; *c; ++c) {
    if (!isalnum((unsigned char)*c)) *c = '_';
    if (upper) *c = (char)toupper((unsigned char)*c);
  }
  return copy;
}

/* The identifier of tensor `i` in `list`, by its name where that stays unique. */
static const char *tensor_identifier(Arena *arena, const PlanTensor *list, uint32_t count,
                                     uint32_t i, bool upper) {
  const char *name = identifier(arena, list[i].name, true);
  for (uint32_t j = 0; j < count; ++j) {
    if (j != i && strcmp(name, identifier(arena, list[j].name, true)) == 0) {
      return arena_printf(arena, "%u", i);
    }
  }
  return identifier(arena, list[i].name, upper);
}

/* `text` as a part of a comment: nothing that ends the comment or its line. */
static const char *comment(Arena *arena, const char *text) {
  char *copy = arena_strdup(arena, text);
  for (char *c = copy; *c; ++c) {
    if (*c == '*' || *c == '\\' || (unsigned char)*c < ' ') *c = '_';
  }
  return copy;
}

/* "[1][3][224][224] (nchw)", in the caller's order. */
static const char *shape_text(Arena *arena, const PlanTensor *t) {
  long long d[4];
  for (uint32_t i = 0; i < 4; ++i) d[i] = (long long)t->type.dims[i];
  if (t->type.rank != 4) return arena_printf(arena, "[%lld][%lld] (nc)", d[0], d[1]);
  if (!t->nchw) {
    return arena_printf(arena, "[%lld][%lld][%lld][%lld] (nhwc)", d[0], d[1], d[2], d[3]);
  }
  return arena_printf(arena, "[%lld][%lld][%lld][%lld] (nchw)", d[0], d[3], d[1], d[2]);
}

/* What an element is in C. */
static const char *c_type(const PlanTensor *t) {
  return dtype_info(t->type.dtype)->c_type;
}

/* A line of comment for each tensor: its name, type and shape. */
static void add_tensor_comments(Header *h, const char *title, const PlanTensor *list,
                                uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    ADD(h, " *   %s[%u] %s: %s %s\n", title, i, comment(h->arena, list[i].name), c_type(&list[i]),
        shape_text(h->arena, &list[i]));
  }
}

static void add_introduction(Header *h) {
  const ArtifactSpec *spec = h->spec;
  ADD(h, "/* %s, compiled by atmc for", comment(h->arena, h->plans[0]->model));
  for (uint32_t v = 0; v < spec->variant_count; ++v) {
    ADD(h, "%s %s", v ? "," : "", spec->variants[v].target->name);
  }
  ADD(h, ".\n *\n");
  if (spec->variant_count > 1) {
    ADD(h,
        " * The best of these that the CPU runs is taken at each call; env->isa may force another\n"
        " * (PREFIX_model()->variants lists them, atm_model_variant() of the runtime tells "
        "which).\n"
        " *\n");
  }
  ADD(h,
      " * Inputs and outputs are dense arrays aligned to an element. The workspace is aligned to "
      "64\n"
      " * bytes, belongs to one call at a time, and needs no initial contents. Outputs and "
      "workspace\n"
      " * overlap nothing else; inputs are not written to and may overlap each other. The code has "
      "no\n"
      " * mutable state: any number of threads may run it at once, each with its own workspace.\n"
      " * Floating-point exceptions must be masked, as they are unless somebody unmasked them; "
      "which flags\n"
      " * a call raises is not specified.\n"
      " * `env` NULL runs on one thread; atm_pool_env() of the runtime (pool.c, cpu.c, fit.c and "
      "error.c of\n"
      " * atmc's runtime folder, or libatm_runtime.a) runs on more. Static libraries hold the "
      "model\n"
      " * alone; shared libraries and programs hold the runtime too.\n *\n"
      " * The functions return 0 (ATM_OK) or, in this order of checks: ATM_E_ARGUMENT (a tensor "
      "is\n"
      " * NULL or misaligned), ATM_E_ENV (its size or threads), ATM_E_WORKSPACE (NULL, misaligned "
      "or\n"
      " * too small), ATM_E_UNSUPPORTED_CPU, ATM_E_WEIGHTS; then ATM_E_PARALLEL.\n");
  if (spec->external_weights) {
    ADD(h,
        " *\n * The weights are external: env->weights points to the %llu bytes of the weights "
        "file\n"
        " * that atmc wrote beside the code, aligned to 64 bytes. They may be mapped, and shared "
        "by\n"
        " * processes; a file of another model, or packed for other code, is ATM_E_WEIGHTS.\n",
        (unsigned long long)spec->blob->bytes);
  }
  ADD(h, " */\n");
}

/* Of the entry of plan `plan`. */
static const char *suffix(const Header *h, uint32_t plan) {
  return artifact_suffix(h->spec, plan, h->arena);
}

/* The macros PREFIX_IN_NAME_ELEMENTS; `side` is "IN" or "OUT". */
static void add_elements(Header *h, const char *suffix, const char *side, const PlanTensor *list,
                         uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    int64_t elements = 0;
    CHECK(type_count(list[i].type, &elements));
    ADD(h, "#define %s_%s_%s_ELEMENTS%s %lld\n", h->upper, side,
        tensor_identifier(h->arena, list, count, i, true), suffix, (long long)elements);
  }
}

/* The macro of the bytes that so many threads need; 0 threads count as one. */
static void add_bytes(Header *h, const char *name, ArtifactWorkspace workspace) {
  ADD(h,
      "#define %s_%s(threads) \\\n"
      "  ((size_t)%llu + ((threads) > 1 ? (size_t)(threads) - 1 : 0) * (size_t)%llu)\n",
      h->upper, name, (unsigned long long)workspace.base, (unsigned long long)workspace.scratch);
}

static void add_workspace(Header *h, const char *suffix, ArtifactWorkspace workspace) {
  add_bytes(h, arena_printf(h->arena, "WORKSPACE_BYTES%s", suffix), workspace);
}

static void add_macros(Header *h, uint32_t p, const char *suffix) {
  const Plan *plan = h->plans[p];
  add_workspace(h, suffix, artifact_workspace(h->spec, p));
  add_elements(h, suffix, "IN", plan->inputs, plan->input_count);
  add_elements(h, suffix, "OUT", plan->outputs, plan->output_count);
}

/* What is enough for each resolution. */
static void add_largest_workspace(Header *h) {
  ArtifactWorkspace most = {0};
  for (uint32_t p = 0; p < h->spec->plan_count; ++p) {
    ArtifactWorkspace one = artifact_workspace(h->spec, p);
    if (one.base > most.base) most.base = one.base;
    if (one.scratch > most.scratch) most.scratch = one.scratch;
  }
  ADD(h, "\n/* Enough for every resolution. */\n");
  add_workspace(h, "_MAX", most);
}

/* "in_image, in_mask": of `side` "in" or "out". */
static void add_names(Header *h, const char *side, const PlanTensor *list, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    ADD(h, "%s%s_%s", i ? ", " : "", side, tensor_identifier(h->arena, list, count, i, false));
  }
}

/* "const float *in_image, const float *in_mask": with the types that their elements have in C. */
static void add_parameters(Header *h, const char *constant, const char *side,
                           const PlanTensor *list, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    ADD(h, "%s%s *%s_%s, ", constant, c_type(&list[i]), side,
        tensor_identifier(h->arena, list, count, i, false));
  }
}

/* PREFIX_infer of plan `p`: a parameter for each tensor, put into the arrays that PREFIX_run takes.
 */
static void add_wrapper(Header *h, uint32_t p, const char *suffix) {
  const Plan *plan = h->plans[p];
  ADD(h, "static inline int %s_infer%s(", h->prefix, suffix);
  add_parameters(h, "const ", "in", plan->inputs, plan->input_count);
  add_parameters(h, "", "out", plan->outputs, plan->output_count);
  ADD(h, "void *workspace,\n    size_t workspace_bytes, const atm_env *env) {\n");
  ADD(h, "  const void *const in[] = {");
  add_names(h, "in", plan->inputs, plan->input_count);
  ADD(h, "};\n  void *const out[] = {");
  add_names(h, "out", plan->outputs, plan->output_count);
  ADD(h, "};\n  return %s_run%s(in, out, workspace, workspace_bytes, env);\n}\n", h->prefix,
      suffix);
}

static void add_functions(Header *h, uint32_t p, const char *suffix) {
  ADD(h,
      "int %s_run%s(const void *const in[], void *const out[], void *workspace,\n"
      "    size_t workspace_bytes, const atm_env *env);\n",
      h->prefix, suffix);
  if (artifact_takes_strides(h->spec)) {
    ADD(h,
        "int %s_run_strided%s(const void *const in[], const atm_strides strides[],\n"
        "    void *const out[], void *workspace, size_t workspace_bytes, const atm_env *env);\n",
        h->prefix, suffix);
  }
  add_wrapper(h, p, suffix);
}

static void add_entry(Header *h, uint32_t p) {
  const Plan *plan = h->plans[p];
  ADD(h, "\n/* Runs the model on\n");
  add_tensor_comments(h, "in", plan->inputs, plan->input_count);
  add_tensor_comments(h, "out", plan->outputs, plan->output_count);
  ADD(h, " */\n");
  add_macros(h, p, suffix(h, p));
  add_functions(h, p, suffix(h, p));
}

/* The names that do not change with the resolutions. */
static void add_first(Header *h) {
  ADD(h, "\n/* The first resolution: the same as %s_run%s. */\n", h->prefix, suffix(h, 0));
  add_macros(h, 0, "");
  add_functions(h, 0, "");
}

/* What the self-test allows of output `i`. */
static void add_tolerance(Header *h, const PlanTensor *output, const SelftestOutput *recorded) {
  ADD(h, " *   %s: %u elements, ", comment(h->arena, output->name), recorded->count);
  if (output->type.dtype == DTYPE_F32) {
    ADD(h, "each within %g\n", recorded->tolerance);
  } else {
    ADD(h, "of which %u may differ\n", recorded->misses);
  }
}

static void add_selftest(Header *h) {
  const ArtifactSelftest *selftest = h->spec->selftest;
  if (!selftest) return;
  const Plan *plan = h->plans[selftest->plan];
  ADD(h,
      "\n/* Is this the model that was compiled, and does it compute here what it should? Makes an "
      "input of\n"
      " * %s_run%s, runs it, sums up the weights, and compares with what the compiler's "
      "interpreter gave:\n",
      h->prefix, suffix(h, selftest->plan));
  for (uint32_t i = 0; i < plan->output_count; ++i) {
    add_tolerance(h, &plan->outputs[i], &selftest->outputs[i]);
  }
  ADD(h,
      " * ATM_OK; what the run returns; ATM_E_WEIGHTS where a byte of the weights has changed; "
      "ATM_E_SELFTEST\n"
      " * where the outputs are others. `workspace` is aligned to 64 bytes and holds "
      "%s_SELFTEST_BYTES\n"
      " * of env->threads. %s_selftest is the same with `env` NULL, for embedded weights. */\n",
      h->upper, h->prefix);
  add_bytes(h, "SELFTEST_BYTES", artifact_selftest_workspace(h->spec));
  ADD(h,
      "int %s_selftest(void *workspace, size_t workspace_bytes);\n"
      "int %s_selftest_env(void *workspace, size_t workspace_bytes, const atm_env *env);\n",
      h->prefix, h->prefix);
}

static void add_model(Header *h) {
  const char *prefix = h->prefix;
  ADD(h, "\n/* Constant data about the model. */\nconst atm_model *%s_model(void);\n", prefix);
  ADD(h,
      "/* The entry for `n` images of `h` x `w` (1 x 1 for vectors); NULL: none was compiled. "
      "*/\n"
      "const atm_entry *%s_find(uint32_t n, uint32_t h, uint32_t w);\n",
      prefix);
  ADD(h,
      "/* ATM_OK, or ATM_E_WEIGHTS where these are not the external weights of the model, all\n"
      " * `bytes` of them. With embedded weights ATM_OK. */\n"
      "int %s_check_weights(const void *weights, size_t bytes);\n",
      prefix);
}

const char *header_write(const ArtifactSpec *spec, Arena *arena) {
  Header header = {.text = {.arena = arena},
                   .arena = arena,
                   .spec = spec,
                   .plans = spec->variants[0].plans,
                   .prefix = spec->prefix,
                   .upper = artifact_macro_prefix(spec, arena)};
  Header *h = &header;
  add_introduction(h);
  ADD(h, "#ifndef ATM_MODEL_H_%s\n#define ATM_MODEL_H_%s\n\n", h->prefix, h->prefix);
  ADD(h,
      "#ifdef %s_WORKSPACE_BYTES_MAX\n"
      "#error \"another model has macros %s_*: choose another --prefix\"\n#endif\n\n",
      h->upper, h->upper);
  string_builder_add(&h->text, embedded_runtime_text("atm_runtime.h"));
  ADD(h, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
  add_model(h);
  for (uint32_t p = 0; p < spec->plan_count; ++p) add_entry(h, p);
  add_first(h);
  add_largest_workspace(h);
  add_selftest(h);
  ADD(h, "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
  return string_builder_text(&h->text);
}
