/* The lowering of layers: logits of a small ATMNet as PyTorch computes them in double precision,
 * and the graphs of the layers that it has not. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/backend.h"
#include "frontend/frontend.h"
#include "ir/rewrite.h"

static Arena *arena;
static Diag diag;

static void set_up(void) {
  arena = arena_new();
  diag = (Diag){.stream = stderr};
}
static void tear_down(void) {
  arena_free(arena);
}
TestSuite(atmnet, .init = set_up, .fini = tear_down);

static Model *read_model(const char *text) {
  char path[] = "/tmp/atmnet.XXXXXX";
  int fd = mkstemp(path);
  cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
  Model *model = NULL;
  Status status = frontend_read_model(arena, recipe_table_new(arena), &diag, path, &model);
  unlink(path);
  cr_assert_eq(status, STATUS_OK);
  graph_verify(model->graph, "atmnet");
  return model;
}

/* The synthetic weights of seed 0. */
static Status read_synthetic(void *context, const char *name, double *out, size_t count) {
  const Model *model = context;
  for (uint32_t i = 0; i < model->need_count; ++i) {
    if (strcmp(model->needs[i].name, name) != 0) continue;
    float *values = malloc(count * sizeof *values);
    synthetic_tensor(name, model->needs[i].type, 0, values);
    for (size_t j = 0; j < count; ++j) out[j] = values[j];
    free(values);
    return STATUS_OK;
  }
  return STATUS_BAD_INPUT;
}

/* The first output for the synthetic image of seed 0, size x size. */
static const double *run(Model *model, int64_t size) {
  Type nchw = type_make(4, (const int64_t[]){1, 3, size, size});
  float *image = ARENA_ARRAY(arena, (size_t)(3 * size * size), float);
  double *rows = ARENA_ARRAY(arena, (size_t)(3 * size * size), double);
  synthetic_tensor("image", nchw, 0, image);
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t i = 0; i < size * size; ++i) rows[3 * i + c] = image[c * size * size + i];
  }
  InterpTensor input = {type_map(1, size, size, 3), rows}, outputs[8];
  WeightSource source = {.context = model, .read = read_synthetic};
  cr_assert_eq(interp_run(model->graph, &source, arena, &diag, &input, outputs), STATUS_OK);
  return outputs[0].data;
}

#define BEGIN                                                                              \
  "{\"atmc\": 1, \"name\": \"m\", \"inputs\": [{\"name\": \"image\", \"channels\": 3}],\n" \
  "\"layers\": ["
#define STEM                                                                                   \
  "{\"op\":\"conv2d\",\"name\":\"patch_embed.proj\",\"channels\":8,\"kernel\":7,\"stride\":4," \
  "\"padding\":2},\n"
#define PEG(i) "{\"op\":\"peg\",\"name\":\"pos_blocks." #i "\"},\n"
#define BLOCK(name, offsets)                                                                 \
  "{\"op\":\"atm_block\",\"name\":\"blocks." #name "\",\"mlp_ratio\":2,\"offsets\":" offsets \
  "},"                                                                                       \
  "\n"
#define PAIR(i, share) \
  PEG(i) BLOCK(i.0, "\"new\",\"share\":" #share) BLOCK(i.1, "\"blocks." #i ".0\"")
#define DOWN(i, c)                                                                   \
  "{\"op\":\"conv2d\",\"name\":\"blocks." #i ".1.downsample.proj\",\"channels\":" #c \
  ",\"kernel\":3,\"stride\":2,\"padding\":1},\n"
#define HEAD                                                        \
  "{\"op\":\"layer_norm\",\"name\":\"norm\"},{\"op\":\"mean_hw\"}," \
  "{\"op\":\"linear\",\"name\":\"head\",\"channels\":10}"
#define END "],\n\"outputs\": [{\"name\": \"y\"}]}"

Test(atmnet, computes_what_pytorch_computes) {
  static const double logits[10] = {-0.35782392586271866, 0.5325842544393021,  0.8103977220044956,
                                    0.13967649477962038,  -0.6242641406670646, 1.1072670858755127,
                                    1.1182888266089153,   0.14243824996806093, 0.2846319738082667,
                                    0.3709306000102746};
  Model *model = read_model(BEGIN STEM PAIR(0, 2) DOWN(0, 16) PAIR(1, 4) DOWN(1, 24) PAIR(2, 4)
                                DOWN(2, 32) PAIR(3, 8) HEAD END);
  const double *output = run(model, 64);
  for (int i = 0; i < 10; ++i) {
    cr_expect(fabs(output[i] - logits[i]) < 1e-12, "logit %d: %.17g", i, output[i]);
  }
}

/* Offsets of zero are no sampling at all: whatever the branches sample is the map itself. */
Test(atmnet, samples_at_zero_offsets_what_is_there) {
  Model *model =
      read_model(BEGIN STEM BLOCK(0.0, "\"zero\"") BLOCK(0.1, "\"blocks.0.0\"") HEAD END);
  const double *output = run(model, 32);
  Rewrite rewrite = rewrite_begin(model->graph, arena);
  for (uint32_t i = 0; i < model->graph->node_count; ++i) {
    const Node *node = &model->graph->nodes[i];
    if (node->op == OP_AXIAL_SAMPLE) {
      rewrite_set(&rewrite, node_result(node, 0), rewrite_get(&rewrite, node->operands[0]));
    } else {
      rewrite_copy(&rewrite, node);
    }
  }
  model->graph = rewrite_end(&rewrite);
  const double *plain = run(model, 32);
  for (int i = 0; i < 10; ++i) cr_expect_eq(output[i], plain[i]);
}

Test(atmnet, lists_a_tensor_that_is_used_twice_once) {
  Model *model = read_model(BEGIN STEM PEG(0) PEG(0) HEAD END);
  cr_expect_eq(model->need_count, 8);
  cr_expect_str_eq(model->needs[2].name, "pos_blocks.0.proj.weight");
  cr_expect_eq(model->needs[2].position.line, 3);
}

Test(atmnet, lowers_primitives_one_to_one) {
  Model *model = read_model(BEGIN
                            "{\"op\":\"conv2d\",\"name\":\"a\",\"channels\":4,\"kernel\":[1,3],"
                            "\"padding\":[0,1],\"bias\":false},"
                            "{\"op\":\"linear\",\"name\":\"b\",\"channels\":2},"
                            "{\"op\":\"axial_sample\",\"name\":\"c\",\"axis\":\"h\",\"share\":2,"
                            "\"inputs\":[\"a\",\"b\"]},"
                            "{\"op\":\"gelu\"},"
                            "{\"op\":\"add\",\"name\":\"d\",\"inputs\":[\"c\",\"a\"]},"
                            "{\"op\":\"mean_hw\",\"name\":\"e\"},"
                            "{\"op\":\"add\",\"inputs\":[\"d\",\"e\"]}],"
                            "\"outputs\": [{\"name\": \"y\", \"layout\": \"nhwc\"}, {\"name\": "
                            "\"z\", \"from\": \"e\"}]}");
  StringBuilder out = {.arena = arena};
  graph_print(model->graph, &out);
  cr_expect_str_eq(string_builder_text(&out),
                   "graph @m {\n"
                   "  %0 = input {name=\"image\", nchw=1} : f32[?,?,?,3]\n"
                   "  %1 = constant @a.weight[4,3,1,3] : f32[4,3,1,3]  // a\n"
                   "  %2 = conv2d(%0, %1) {window=1x3 pad 0x1x0x1, groups=1}"
                   " : f32[?,?,?,4]  // a\n"
                   "  %3 = constant @b.weight[2,4] : f32[2,4]  // b\n"
                   "  %4 = constant @b.bias[2] : f32[2]  // b\n"
                   "  %5 = linear(%2, %3, %4) : f32[?,?,?,2]  // b\n"
                   "  %6 = axial_sample(%2, %5) {axis=1, share=2} : f32[?,?,?,4]  // c\n"
                   "  %7 = gelu(%6) : f32[?,?,?,4]  // gelu\n"
                   "  %8 = add(%6, %2) : f32[?,?,?,4]  // d\n"
                   "  %9 = mean_hw(%8) : f32[?,4]  // e\n"
                   "  %10 = add(%8, %9) : f32[?,?,?,4]  // add\n"
                   "  output \"y\" %10\n"
                   "  output \"z\" %9\n"
                   "}\n");
}
