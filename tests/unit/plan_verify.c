/* What plan_verify refuses: a model's plan with one place edited, and the message. */
#include "plan_text_fixture.h"

typedef struct Edit {
  const char *from, *to, *because;
} Edit;

static void refuse_all(const char *model, const char *isa, bool quantize, Type type,
                       const Edit *edits, size_t count) {
  char path[512];
  snprintf(path, sizeof path, "%s/examples/models/%s.json", ATMC_SOURCE_DIR, model);
  Text t = print_file(path, &(TargetRequest){.isa = isa}, quantize, type);
  for (size_t i = 0; i < count; ++i) refuses(&t, edits[i].from, edits[i].to, edits[i].because);
  arena_free(t.arena);
}

#define REFUSE_ALL(model, isa, quantize, type, edits) \
  refuse_all(model, isa, quantize, type, edits, sizeof(edits) / sizeof *(edits))

#define MAP "f32[1,12,12,32]"

static const Edit heads[] = {
    {"f32[1,48,48,3] nchw", "f32[1,48,?,3] nchw", "an input or output of no known size"},
    {"f32[1,34]", "f32[34]", "an input or output that is no map or vector"},
    {"f32[1,34]", "f32[1,34] nchw", "a vector in nchw"},
    {"rounds 1", "rounds 2", "a number of images that the rounds do not divide"},
    {"  input \"image\" f32[1,48,48,3] nchw\n", "", "no input, or no output"},
    {"  output \"logits\" f32[1,34]\n", "", "no input, or no output"},
    {"arena 127616", "arena 70000000000000", "too many bytes"},
    {"scratch 39552", "scratch 70000000000000", "too many bytes"},
    {"scratch 39552", "scratch 37250", "no multiple of 64"},
    {"scratch 39552", "scratch 1024", "a worker has less scratch than that"},
    {"kernel k1_", "kernel k0_patches_linear\n  images", "expected \"images\""},
};

Test(plan_verify, heads) {
  REFUSE_ALL("glyphs", "v3", false, type_map(1, 48, 48, 3), heads);
}

static const Edit domains[] = {
    {"images 1, rows", "images 0, rows", "a domain of nothing"},
    {"rows 144", "rows 0", "a domain of nothing"},
    {"blocks 4", "blocks 0", "a domain of nothing"},
    {"column blocks 4", "column blocks 0", "a domain of nothing"},
    {"blocks 4", "blocks 145", "too many blocks"},
    {"lines of 12", "lines of 145", "no whole lines"},
    {"lines of 12", "lines of 100", "no whole lines"},
    {"column blocks 4", "column blocks 5000", "too many column blocks"},
    {"blocks 1, column blocks 4", "blocks 2, column blocks 4", "cut by rows and by columns"},
    {"images 1, rows 144, blocks 4", "images 2000000000, rows 144, blocks 4", "too many tasks"},
};

Test(plan_verify, domains) {
  REFUSE_ALL("glyphs", "v3", false, type_map(1, 48, 48, 3), domains);
}

static const Edit ports[] = {
    {"a0 %0 rows pitch 32 " MAP, "a0 %0 rows pitch 24 " MAP, "a0 should be of a pitch"},
    {"a0 %0 rows pitch 32 " MAP, "a0 %0 rows pitch 36 " MAP, "a0 should be of a pitch"},
    {"a0 %0 rows pitch 32 " MAP, "a0 %0 rows pitch 2147483136 " MAP, "a0 should be smaller"},
    {"a2 %3 weights f32[32]", "a2 %3 rows pitch 32 f32[32]", "a map or a vector per image"},
    {"r0 %4 rows pitch 32 " MAP, "r0 %4 weights " MAP, "no weights"},
    {"r0 %4 rows pitch 32 " MAP, "r0 %4 rows pitch 32 f32[1,12,12,16]", "of its value's type"},
    {"r0 %4 rows pitch 32 " MAP, "r0 %0 caller nchw f32[1,48,48,3]", "what a stage writes"},
};

Test(plan_verify, ports) {
  REFUSE_ALL("glyphs", "v3", false, type_map(1, 48, 48, 3), ports);
}

static const Edit places[] = {
    {"scratch +0 pitch 32", "a0", "an operand is not written"},
    {"scratch +0 pitch 32", "r0", "%5: it is not that result"},
    {"  r0\n", "  register\n", "%4: it must be in memory"}, /* its only reader may be the caller */
    {"%13 = sum_chunks(%12) {chunks=4} : f32[1,1,4,32]  r3",
     "%13 = sum_chunks(%12) {chunks=4} : f32[1,1,4,32]  register",
     "%13: a sum of chunks lives in a result"},
    {"%5 = normalize(%4) {eps=1e-05} : " MAP "  scratch +0 pitch 32",
     "%5 = normalize(%4) {eps=1e-05} : " MAP "  register", "%5: its stage is over"},
    {"%5 = normalize(%4) {eps=1e-05} : " MAP "  scratch +0 pitch 32",
     "%5 = normalize(%4) {eps=1e-05} : " MAP "  scratch +64 pitch 32", "behind the scratch"},
    {"%3 = depthwise(a0, a1, a2) {window=3x3 pad 1x1x1x1} : " MAP "  register",
     "%3 = depthwise(a0, a1, a2) {window=3x3 pad 1x1x1x1} : " MAP "  scratch +0 pitch 32 column 8",
     "only a view has a column"},
    {"a1 column 16", "a1 column 8", "a view lives in what it cuts from"},
    {"a1 column 16", "a0 column 16", "a view lives in what it cuts from"},
    {"r0 column 32", "r1 column 32", "a view lives in what it cuts from"},
    {"a0 column 64", "scratch +0 pitch 96 column 64", "a view lives in what it cuts from"},
};

Test(plan_verify, places) {
  REFUSE_ALL("glyphs", "v3", false, type_map(1, 48, 48, 3), places);
}

static const Edit reads[] = {
    {"f32[1,96]\n  a1 %2 weights f32[1,32,32]", "f32[1,96]\n  a1 %2 weights f32[2,32,16]",
     "weights in other panels"},
    {"packed_linear(%5, a3, a4)", "packed_linear(%8, a3, a4)",
     "%8 is not numbered before its user"},
    {"%14 = add(a7, %12) : " MAP "  scratch +9472", "%14 = add(a7, %12) : " MAP "  scratch +0",
     "%14: another value was written over it"},
    {"%6 = add(%2, %5) : " MAP "  scratch +4736", "%6 = add(%2, %5) : " MAP "  scratch +0",
     "%6: it overlaps %2 in scratch"},
    {"axial_sample(a0, %5)", "axial_sample(%3, %5)", "%3: whole maps are read from operands alone"},
    {"normalize(%4)", "normalize(%5)", "%5 is not numbered before its user"},
    {"r0 %4 rows pitch 32 " MAP "\n  r1", "r0 %4 caller " MAP "\n  r1",
     "%4: a caller's output is not read"},
    {"r0 %4 rows pitch 32 " MAP "\n  r1", "r0 %4 caller nchw " MAP "\n  r1",
     "%4: it cannot live in nchw"},
    {"channels_first=1, ", "", "%1: a strip has the order of its map"},
    {"mul(%5, a5)", "mul(%3, a5)", "%3: its stage is over"},
};

Test(plan_verify, reads) {
  REFUSE_ALL("glyphs", "v3", false, type_map(1, 48, 48, 3), reads);
}

static const Edit stages[] = {
    {"stage normalize", "stage rows", "no stage of that kind"},
    {"stage read", "stage rows", "no stage of that kind"},
    {"rows 36, blocks 1, lines of 6", "rows 30, blocks 1, lines of 6",
     "its rows are not the kernel's"},
    {"rows 144, blocks 4, scratch 4736", "rows 144, blocks 5, scratch 4736",
     "one chunk is one block"},
    {"rows 144, blocks 4, scratch 768", "rows 144, blocks 1, column blocks 4, scratch 768",
     "its op cannot be cut by columns"},
    {"  stage reduce\n    %13", "    %13", "its op cannot follow there"},
    {"stage product 6x16, depth 32", "stage product 0x16, depth 32", "a tile of whole vectors"},
    {"stage product 6x16, depth 32", "stage product 6x0, depth 32", "a tile of whole vectors"},
    {"stage product 6x16, depth 32", "stage product 2x24, depth 32", "a tile that divides panels"},
    {"stage product 6x16, depth 32", "stage product 6x16, depth 30", "of a multiple of 4"},
    {"stage product 6x16, depth 32", "stage product 6x16, depth 0", "of a multiple of 4"},
    {"stage product 6x16, depth 32, unroll 4", "stage product 6x16, depth 16, unroll 3",
     "whole turns in a depth block"},
    {"stage product 6x16, depth 32", "stage product 6x16, depth 16", "stored sums"},
    {"stage product 6x16, depth 32", "stage product 6x16, depth 40", "a depth block of K at most"},
    {"stage product 6x16, depth 32, unroll 4", "stage product 6x16, depth 32, unroll 17",
     "1 to 16 steps"},
};

Test(plan_verify, stages) {
  REFUSE_ALL("glyphs", "v3", false, type_map(1, 48, 48, 3), stages);
}

#define STEP0 "step k0_patches_linear (input 0, weight 0, weight 1) -> (arena +0), scratch +18560"
#define STEP1 "(arena +21248, arena +39808, arena +58368, arena +18560), scratch +76928"
#define STEP2 \
  "(arena +58368, arena +39808) -> (arena +76928, arena +1024, arena +95488, arena +1664)"

static const Edit steps[] = {
    {STEP0, "step k0_patches_linear (output 0, weight 0, weight 1) -> (arena +0), scratch +18560",
     "no such output"},
    {STEP0, "step k0_patches_linear (arena +0, weight 0, weight 1) -> (arena +0), scratch +18560",
     "the arena where the kernel has no rows"},
    {STEP0, "step k0_patches_linear (input 0, input 0, weight 1) -> (arena +0), scratch +18560",
     "a port is not the tensor"},
    {STEP0, "step k0_patches_linear (input 0, weight 1, weight 1) -> (arena +0), scratch +18560",
     "weights of another type"},
    {STEP0, "step k0_patches_linear (input 0, weight 204, weight 1) -> (arena +0), scratch +18560",
     "no such weight"},
    {STEP0, "step k0_patches_linear (weight 0, weight 0, weight 1) -> (arena +0), scratch +18560",
     "weights where the kernel has none"},
    {STEP0, "step k0_patches_linear (input 0, weight 0, weight 1) -> (input 0), scratch +18560",
     "no such input"},
    {STEP0, "step k0_patches_linear (input 0, weight 0, weight 1) -> (weight 0), scratch +18560",
     "no such weight"},
    {STEP0, "step k0_patches_linear (input 0, weight 0, weight 1) -> (output 1), scratch +18560",
     "no such output"},
    {STEP0, "step k0_patches_linear (input 0, weight 0, weight 1) -> (output 0), scratch +18560",
     "a port is not the tensor"},
    {STEP0, "step k0_patches_linear (input 0, weight 0, weight 1) -> (arena +32), scratch +18560",
     "an offset that is no multiple of 64"},
    {STEP0, "step k0_patches_linear (input 0, weight 0, weight 1) -> (arena +0), scratch +18568",
     "scratch that is not aligned"},
    {STEP0, "step k0_patches_linear (input 0, weight 0, weight 1) -> (arena +0), scratch +125248",
     "scratch that is not aligned, or ends behind the arena"},
    {STEP0, "step k0_patches_linear (input 0, weight 0, weight 1) -> (arena +0), scratch +64",
     "a result overlaps the scratch"},
    {STEP0, "step k0_patches_linear (input 0, weight 0, weight 1) -> (arena +64), scratch +18944",
     "an operand is not in the arena when it is read"},
    {STEP1, "(arena +21248, arena +21248, arena +58368, arena +18560), scratch +76928",
     "two results overlap"},
    {STEP1, "(arena +0, arena +39808, arena +58368, arena +18560), scratch +76928",
     "a result overlaps an operand"},
    {STEP1, "(arena +64, arena +39808, arena +58368, arena +18560), scratch +76928",
     "a result overlaps an operand"},
    {STEP1, "(arena +21248, arena +39808, arena +58368, arena +18560), scratch +0",
     "the scratch overlaps an operand"},
    {STEP1, "(arena +21248, arena +39808, arena +58368, arena +18560), scratch +18560",
     "a result overlaps the scratch"},
    {STEP2,
     "(arena +58368, arena +39808) -> (arena +58368, arena +1024, arena +95488, arena +1664)",
     "a result overlaps an operand"},
    {STEP2,
     "(arena +58368, arena +21248) -> (arena +39808, arena +1024, arena +95488, arena +1664)",
     "an operand is not in the arena"},
    {"-> (output 0)", "-> (arena +0)", "the arena where the kernel has no rows"},
    {STEP0, "step k9_patches_linear (input 0, weight 0, weight 1) -> (arena +0), scratch +18560",
     "no kernel \"k9_patches_linear\""},
};

Test(plan_verify, steps) {
  REFUSE_ALL("glyphs", "v3", false, type_map(1, 48, 48, 3), steps);
}

static const Edit quantized[] = {
    {"unroll 2\n    %6 = quantized", "unroll 2, widened\n    %6 = quantized",
     "nothing to be widened"},
    {"stage product 6x16, depth 8, unroll 2\n    %6",
     "stage product 6x16, depth 4, unroll 2, sums\n    %6", "one depth block"},
    {"r5 %15 rows pitch 1 ", "r5 %15 rows pitch 3 ", "of a pitch that holds its rows"},
};

Test(plan_verify, quantized) {
  REFUSE_ALL("glyphs", "v3-vnni", true, type_map(2, 48, 48, 3), quantized);
}

static const Edit paired[] = {
    {"6x16 full, depth 36, unroll 2, paired", "6x16, depth 36, unroll 2, paired",
     "full tiles, of pairs"},
    {"6x16 full, depth 36, unroll 2, paired", "5x16 full, depth 36, unroll 2, paired",
     "nothing to be paired"},
};

Test(plan_verify, paired) {
  REFUSE_ALL("glyphs", "neon-i8mm", true, type_map(1, 48, 48, 3), paired);
}

/* What no text can say, and what a reader would find before. `plan` is changed and changed back. */
typedef struct Changed {
  Arena *arena;
  Plan *plan;
} Changed;

static void refused(const Changed *c, const char *because) {
  PlanFault fault;
  cr_expect(!plan_verify(c->plan, c->arena, &fault), "accepted, not: %s", because);
  cr_expect(fault.message && strstr(fault.message, because), "%s, not: %s", fault.message, because);
}

#define REFUSED(c, field, value, because) \
  do {                                    \
    __typeof__(field) before = (field);   \
    (field) = (value);                    \
    refused(c, because);                  \
    (field) = before;                     \
  } while (0)

static Changed read_plan(const Text *t) {
  Diag diag = {.stream = stderr};
  const Plan *plan = NULL;
  PlanText from = {"p.plan", t->text, t->target};
  cr_assert_eq(plan_parse(t->arena, t->recipes, &diag, &from, &plan), STATUS_OK);
  return (Changed){t->arena, (Plan *)plan};
}

static Changed read_glyphs(const char *isa, bool quantize) {
  char path[512];
  snprintf(path, sizeof path, "%s/examples/models/glyphs.json", ATMC_SOURCE_DIR);
  Type type = type_map(1, 48, 48, 3);
  Text t = print_file(path, &(TargetRequest){.isa = isa}, quantize, type);
  return read_plan(&t);
}

Test(plan_verify, kernels_that_no_text_says) {
  Changed c = read_glyphs("v3", false);
  PlanKernel *kernel = (PlanKernel *)c.plan->kernels;
  Port *operand = (Port *)kernel->operands, *result = (Port *)kernel->results;
  REFUSED(&c, operand[0].pitch, 32, "a0 should be exact, a caller's");
  REFUSED(&c, operand[0].type.dtype, DTYPE_F16, "a0 should be nchw is for maps of f32");
  REFUSED(&c, operand[0].type.rank, 3, "a0 should be a map or a vector per image");
  REFUSED(&c, operand[0].type.dims[0], INT64_MAX, "a0 should be of a known, smaller size");
  REFUSED(&c, operand[0].type.dims[0], INT32_MAX, "a0 should be of a known, smaller size");
  REFUSED(&c, operand[0].reach, REACH_STREAMS, "a0 should be rows of the kernel, to stream");
  REFUSED(&c, operand[0].reach, REACH_PAST, "a0 should be a result, to go past the caches");
  REFUSED(&c, result[0].reach, REACH_PAST, "r0 should be planes of whole cache lines, to go past");
  REFUSED(&c, operand[1].pitch, 32, "a1 should be plain weights");
  REFUSED(&c, operand[1].nchw, true, "a1 should be plain weights");
  REFUSED(&c, operand[1].reach, REACH_FAR, "a1 should be plain weights");
  REFUSED(&c, result[0].kind, PORT_WEIGHTS, "r0 should be no weights");
  REFUSED(&c, result[0].nchw, true, "r0 should be nchw is a caller's");
  REFUSED(&c, kernel->scratch_bytes, UINT64_MAX, "a worker has less scratch");
  REFUSED(&c, kernel->prefetch_bytes, UINT64_MAX, "too many bytes");
  REFUSED(&c, kernel->prefetch_step, UINT64_MAX, "prefetching by too many bytes");
  REFUSED(&c, kernel->name, "1st", "the name of a kernel must be an identifier");
  REFUSED(&c, kernel->name, "a-b", "the name of a kernel must be an identifier");
  REFUSED(&c, kernel->name, "a~b", "the name of a kernel must be an identifier");
  REFUSED(&c, kernel->name, "", "the name of a kernel must be an identifier");
  REFUSED(&c, kernel->name, kernel[1].name, "two kernels have that name");
  REFUSED(&c, kernel->stage_count, 0, "no stages, or no results");
  REFUSED(&c, kernel->stage_count, 1, "no stage makes this result");
  REFUSED(&c, kernel->result_count, 0, "no stages, or no results");
  arena_free(c.arena);
}

Test(plan_verify, plans_that_no_text_says) {
  Changed c = read_glyphs("v3", false);
  PlanTensor *input = (PlanTensor *)c.plan->inputs, *output = (PlanTensor *)c.plan->outputs;
  REFUSED(&c, c.plan->rounds, 0, "at least one round");
  REFUSED(&c, c.plan->workspace_base, UINT64_MAX, "too many bytes");
  REFUSED(&c, c.plan->scratch_bytes, UINT64_MAX, "too many bytes");
  REFUSED(&c, input->type.rank, 3, "no map or vector");
  REFUSED(&c, input->nchw, false, "a port is not the tensor");
  REFUSED(&c, output->nchw, true, "a vector in nchw");
  REFUSED(&c, c.plan->step_count, 0, "no step writes an output");
  Step *step = (Step *)c.plan->steps;
  BufferRef *results = (BufferRef *)step[c.plan->step_count - 2].results;
  REFUSED(&c, results[0].space, SPACE_OUTPUT, "a port is not the tensor");
  Recipe *weight = (Recipe *)c.plan->weights[0];
  REFUSED(&c, weight->type.dims[0], INT64_MAX, "a weight of more elements");
  REFUSED(&c, weight->type.dims[0], INT32_MAX, "a weight of more elements");
  arena_free(c.arena);
}
