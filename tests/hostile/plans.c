/* Hostile plans. Those that begin well are of the model that hostile.c writes, for x86-64-v2. */
#include "hostile.h"

static const char compile[] =
    "compile tiny.json --weights tiny.safetensors --shape 1x4x1x1 --isa v2 -o out --from-plan %";

enum { MEBI = 1 << 20 };

static void zeros(FILE *file) {
  fputs("plan", file);
  grow(file, UINT64_C(5) << 30);
}
static void newlines(FILE *file) {
  REPEAT(file, 60 * MEBI, "\n");
}
static void long_string(FILE *file) {
  fputs("plan \"", file);
  REPEAT(file, 60 * MEBI, "n");
  fputs("\"\n", file);
}

static void name(FILE *file) {
  fputs("plan \"tiny\" for \"x86-64-v2\"\n", file);
}
static void many_inputs(FILE *file) {
  name(file);
  for (uint32_t i = 0; i < MEBI; ++i) fprintf(file, "input \"%u\" f32[1]\n", i);
}
static void head(FILE *file) {
  name(file);
  fputs("input \"x\" f32[1,4]\noutput \"y\" f32[1,4]\n", file);
  fputs("rounds 1,arena 192,live 0,scratch 192\n", file);
}
static void many_weights(FILE *file) {
  head(file);
  for (uint32_t i = 0; i < MEBI; ++i) fprintf(file, "weight %u=fill(%u,[4])\n", i, i);
}
static void kernels(FILE *file, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    fprintf(file,
            "kernel k%u\nimages 1,rows 1,blocks 1,scratch 0\na0 %%0 caller f32[1,4]\n"
            "r0 %%1 caller f32[1,4]\nstage pointwise\n%%1=gelu(a0):f32[1,4] r0\n",
            i);
  }
}
static void many_kernels(FILE *file) {
  head(file);
  kernels(file, 400000);
}
/* Each step's kernel is the last one. */
static void many_steps(FILE *file) {
  head(file);
  kernels(file, 4000);
  REPEAT(file, 60000, "step k3999(input 0)->(output 0),4 macs\n");
}
static void many_operands(FILE *file) {
  head(file);
  fputs("kernel k\nimages 1,rows 1,blocks 1,scratch 0\n", file);
  for (uint32_t i = 0; i < MEBI; ++i) fprintf(file, "a%u %%%u caller f32[1,4]\n", i, i);
}
static void many_stages(FILE *file) {
  head(file);
  fputs("kernel k\nimages 1,rows 1,blocks 1,scratch 0\na0 %0 caller f32[1,4]\n", file);
  REPEAT(file, 3 * MEBI, "stage pointwise\n");
}
static void many_nodes(FILE *file) {
  head(file);
  fputs(
      "kernel k\nimages 1,rows 1,blocks 1,scratch 0\na0 %0 caller f32[1,4]\nr0 %1 caller "
      "f32[1,4]\n",
      file);
  fputs("stage pointwise\n", file);
  for (uint32_t i = 1; i < MEBI; ++i) {
    fprintf(file, "%%%u=gelu(%%%u):f32[1,4] register\n", i, i - 1);
  }
}
static void line_of_strings(FILE *file) {
  name(file);
  REPEAT(file, MEBI, "input \"\" f32[1] ");
}

static const Hostile rows[] = {
    {"plan_of_zeros", zeros, compile, 1},
    {"plan_newlines", newlines, compile, 1},
    {"plan_long_string", long_string, compile, 1},
    {"plan_many_inputs", many_inputs, compile, 1},
    {"plan_many_weights", many_weights, compile, 1},
    {"plan_many_kernels", many_kernels, compile, 1},
    {"plan_many_steps", many_steps, compile, 1},
    {"plan_many_operands", many_operands, compile, 1},
    {"plan_many_stages", many_stages, compile, 1},
    {"plan_many_nodes", many_nodes, compile, 1},
    {"plan_line_of_strings", line_of_strings, compile, 1},
};

const HostileList hostile_plans = {rows, sizeof rows / sizeof *rows};
