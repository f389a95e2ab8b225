/* Sample objects of every target: their symbols, their weights, and the programs that link them.
 */
#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/backend.h"
#include "tests/unit/tiny_plan.h"

enum { H = 3, W = 4, ROWS = H * W };

typedef struct Sample {
  Arena *arena;
  const Plan *plans[3][2]; /* of each variant */
  ArtifactVariant variants[3];
  WeightsBlob blob;
  WeightSource source;
  ArtifactSpec spec;
  Emitted object;
} Sample;

/* An object of two resolutions for the instruction sets of `isas`. */
static Sample *emit(const char *isas, const char *prefix, EmitKind kind) {
  Arena *arena = arena_new();
  Sample *s = ARENA_ARRAY(arena, 1, Sample);
  Diag diag = {.stream = stderr};
  TargetList targets;
  cr_assert_eq(target_choose_list(&(TargetRequest){.isa = isas}, arena, &diag, &targets),
               STATUS_OK);
  RecipeTable *recipes = recipe_table_new(arena);
  const Plan *all[6];
  for (uint32_t v = 0; v < targets.count; ++v) {
    const Plan **plans = &all[2 * v];
    plans[0] = tiny_plan(arena, recipes, targets.items[v], 1, H, W);
    plans[1] = tiny_plan(arena, recipes, targets.items[v], 1, W, H);
    memcpy(s->plans[v], plans, sizeof s->plans[v]);
    s->variants[v] = (ArtifactVariant){targets.items[v], s->plans[v]};
  }
  s->arena = arena;
  s->blob = weights_blob_layout(arena, all, 2 * targets.count);
  s->source = (WeightSource){.read = tiny_read};
  s->spec = (ArtifactSpec){.prefix = prefix,
                           .variants = s->variants,
                           .variant_count = targets.count,
                           .plan_count = 2,
                           .blob = &s->blob,
                           .source = &s->source};
  cr_assert_eq(llvm_emit(&s->spec, kind, arena, &diag, &s->object), STATUS_OK);
  return s;
}

static void discard(Sample *s) {
  free(s->object.data);
  arena_free(s->arena);
}

static const char *const isas[] = {"v4", "v3", "v2", "neon", "v4,v3,v2"};
enum { ISA_COUNT = sizeof isas / sizeof *isas };

/* -- symbols ----------------------------------------------------------------------------------- */

static Elf64_Shdr section_at(const Sample *e, uint32_t index) {
  Elf64_Ehdr header;
  Elf64_Shdr section;
  memcpy(&header, e->object.data, sizeof header);
  memcpy(&section, e->object.data + header.e_shoff + index * sizeof section, sizeof section);
  return section;
}

static Elf64_Shdr section_of_type(const Sample *e, uint32_t type) {
  uint32_t i = 0;
  while (section_at(e, i).sh_type != type) ++i;
  return section_at(e, i);
}

Test(object, defines_prefixed_symbols_only) {
  for (int i = 0; i < ISA_COUNT; ++i) {
    Sample *e = emit(isas[i], "tiny", EMIT_OBJECT);
    Elf64_Shdr table = section_of_type(e, SHT_SYMTAB);
    Elf64_Shdr names = section_at(e, table.sh_link);
    uint32_t exported = 0, count = 0;
    const char *const *symbols = artifact_symbols(&e->spec, e->arena, &count);
    for (uint64_t at = sizeof(Elf64_Sym); at < table.sh_size; at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      memcpy(&symbol, e->object.data + table.sh_offset + at, sizeof symbol);
      const char *name = e->object.data + names.sh_offset + symbol.st_name;
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FILE || !*name) continue;
      bool mapping = name[0] == '$'; /* $x and $d of AArch64: code and data in a section */
      cr_expect(mapping || strncmp(name, "tiny_", 5) == 0, "%s: symbol %s", isas[i], name);
      cr_expect_neq(symbol.st_shndx, SHN_UNDEF, "%s: %s is undefined", isas[i], name);
      if (ELF64_ST_BIND(symbol.st_info) != STB_GLOBAL || symbol.st_other != STV_DEFAULT) continue;
      uint32_t which = 0;
      while (which < count && strcmp(symbols[which], name) != 0) ++which;
      cr_expect_lt(which, count, "%s: %s is exported", isas[i], name);
      ++exported;
    }
    cr_expect_eq(exported, count, "%s: symbols that are exported", isas[i]);
    discard(e);
  }
}

Test(object, is_the_same_bytes_again) {
  Sample *first = emit("v3", "tiny", EMIT_OBJECT), *second = emit("v3", "tiny", EMIT_OBJECT);
  cr_assert_eq(first->object.bytes, second->object.bytes);
  cr_expect_eq(memcmp(first->object.data, second->object.data, first->object.bytes), 0);
  discard(first);
  discard(second);
}

Test(object, shares_equal_weights_and_pads_with_zeros) {
  Sample *e = emit("v3", "tiny", EMIT_OBJECT);
  cr_expect_eq(e->blob.count, 3u);
  uint64_t panels = TINY_IN * 64u * sizeof(float); /* two of 32 columns */
  cr_expect_eq(e->blob.offsets[0], sizeof(atm_weights_header));
  cr_expect_eq(e->blob.offsets[1], e->blob.offsets[0] + panels);
  uint64_t vector = 256; /* 40 floats, in steps of 128 bytes */
  cr_expect_eq(e->blob.offsets[2], e->blob.offsets[1] + vector);
  cr_expect_eq(e->blob.bytes, e->blob.offsets[2] + vector + 128);
  const char *blob =
      e->object.data + e->object.bytes - e->blob.bytes; /* the section is the file's end */
  float first_bias;
  memcpy(&first_bias, blob + e->blob.offsets[1], sizeof first_bias);
  cr_expect_eq(first_bias, (float)tiny_weight("bias", 0));
  for (uint64_t i = e->blob.offsets[1] + TINY_OUT * sizeof(float); i < e->blob.offsets[2]; ++i) {
    cr_expect_eq(blob[i], 0);
  }
  discard(e);
}

Test(object, has_text_forms) {
  Sample *assembly = emit("v3", "tiny", EMIT_ASM), *ir = emit("v3", "tiny", EMIT_LLVM_IR);
  cr_expect_not_null(strstr(assembly->object.data, "tiny_run_3x4:"));
  cr_expect_not_null(strstr(ir->object.data, "define i32 @tiny_run_4x3("));
  discard(assembly);
  discard(ir);
}

/* How often `instruction` is in the function `symbol` of an assembly. */
static uint32_t count_in(const char *assembly, const char *symbol, const char *instruction) {
  const char *begin = strstr(assembly, symbol);
  cr_assert_not_null(begin);
  const char *end = strstr(begin, "\tret");
  cr_assert_not_null(end);
  uint32_t count = 0;
  for (const char *at = strstr(begin, instruction); at && at < end;
       at = strstr(at + 1, instruction)) {
    ++count;
  }
  return count;
}

/* Assembly of the sample as its spec is now. */
static Emitted assembly_of(Sample *s) {
  Diag diag = {.stream = stderr};
  Emitted assembly;
  cr_assert_eq(llvm_emit(&s->spec, EMIT_ASM, s->arena, &diag, &assembly), STATUS_OK);
  return assembly;
}

/* The loops of bench have a product for each chain, in the target's own instructions. */
Test(object, has_loops_of_the_instructions_that_products_take) {
  static const struct {
    const char *isa, *f32, *int8;
    uint32_t chains, ratio; /* of multiply-adds in a task, int8's over f32's */
  } cases[] = {
      {"v4-vnni", "\tvfmadd", "\tvpdpbusd", 24, 4}, {"v4", "\tvfmadd", "\tvpmaddwd", 24, 2},
      {"v3-vnni", "\tvfmadd", "vpdpbusd", 12, 4},   {"v3", "\tvfmadd", "\tvpmaddwd", 12, 2},
      {"v2", "\tmulps", "\tpmaddwd", 12, 2},        {"neon-i8mm", "\tfmla", "\tsmmla", 24, 8},
      {"neon-dotprod", "\tfmla", "\tsdot", 24, 4},  {"neon", "\tfmla", "\tsadalp", 24, 4},
      {"neon", "\tfmla", "\tsmull", 24, 4},         {"neon", "\tfmla", "\tsmlal", 24, 4},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    Sample *s = emit(cases[i].isa, "tiny", EMIT_OBJECT);
    s->spec.export_all = true;
    Emitted assembly = assembly_of(s);
    uint32_t floats = count_in(assembly.data, "\ntiny_peak_f32:", cases[i].f32);
    uint32_t whole = count_in(assembly.data, "\ntiny_peak_int8:", cases[i].int8);
    cr_expect_eq(floats, cases[i].chains, "%s: %u times%s", cases[i].isa, floats, cases[i].f32);
    cr_expect_eq(whole, cases[i].chains, "%s: %u times%s", cases[i].isa, whole, cases[i].int8);
    const TargetInfo *target = s->variants[0].target;
    cr_expect_eq(llvm_peak_count(target, PEAK_INT8),
                 cases[i].ratio * llvm_peak_count(target, PEAK_F32), "%s", cases[i].isa);
    free(assembly.data);
    discard(s);
  }
}

/* LLVM's JIT registers frames in memory that it does not check. */
Test(object, describes_frames_of_products_and_none_of_what_is_loaded) {
  Sample *s = emit("v2", "tiny", EMIT_ASM);
  s->spec.export_all = true;
  Emitted loaded = assembly_of(s);
  cr_expect_not_null(strstr(s->object.data, ".cfi_startproc"));
  cr_expect_null(strstr(loaded.data, ".cfi_startproc"));
  free(loaded.data);
  discard(s);
}

/* As in a build with AddressSanitizer, of code that it runs itself. */
Test(object, is_watched_where_that_is_asked_for) {
  Sample *s = emit("v3", "tiny", EMIT_ASM);
  s->spec.sanitized = true;
  Emitted watched = assembly_of(s);
  cr_expect_null(strstr(s->object.data, "__asan_report_load"));
  cr_expect_not_null(strstr(watched.data, "__asan_report_load"));
  cr_expect_not_null(strstr(watched.data, "__asan_report_store"));
  free(watched.data);
  discard(s);
}

Test(object, has_a_header_with_the_types_of_elements) {
  Sample *s = emit("v3", "tiny", EMIT_ASM);
  Plan typed = *s->plans[0][0];
  PlanTensor labels = typed.outputs[0];
  labels.type = type_with_dtype(labels.type, DTYPE_S32);
  typed.outputs = &labels;
  s->plans[0][0] = &typed;
  const char *header = header_write(&s->spec, s->arena);
  cr_expect_not_null(strstr(header, "(const float *in_image, int32_t *out_features, void *"));
  cr_expect_not_null(strstr(header, "out[0] features: int32_t [1]["));
  cr_expect_not_null(strstr(header, "(const float *in_image, float *out_features, void *"),
                     "the other resolution");
  discard(s);
}

Test(object, limits_embedded_weights) {
  Sample *e = emit("v3", "tiny", EMIT_OBJECT);
  WeightsBlob huge = e->blob;
  huge.bytes = UINT64_C(3) << 30;
  Diag diag = {0};
  Emitted out;
  e->spec.blob = &huge;
  cr_expect_eq(llvm_emit(&e->spec, EMIT_OBJECT, e->arena, &diag, &out), STATUS_BAD_INPUT);
  cr_expect_eq(diag.errors, 1u);
  e->spec.external_weights = true;
  cr_expect_eq(llvm_emit(&e->spec, EMIT_OBJECT, e->arena, &diag, &out), STATUS_OK);
  free(out.data);
  discard(e);
}

Test(object, holds_several_instruction_sets_over_one_copy_of_the_weights) {
  Sample *one = emit("v3", "tiny", EMIT_OBJECT), *all = emit("v2,v4,v3", "tiny", EMIT_OBJECT);
  cr_expect_eq(all->blob.bytes, one->blob.bytes);
  for (uint32_t v = 0; v < 3; ++v) {
    cr_expect_gt(llvm_code_bytes(&all->spec, v, &all->object, all->arena), 500u);
  }
  cr_expect_str_eq(all->spec.variants[0].target->name, "x86-64-v4", "the best one first");
  cr_expect_str_eq(all->spec.variants[2].target->name, "x86-64-v2");
  discard(one);
  discard(all);
}

/* -- linking ----------------------------------------------------------------------------------- */

static char folder[] = "/tmp/atmc-object-XXXXXX";

static void write_file(const char *name, const void *data, size_t bytes) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  cr_assert_not_null(file);
  cr_assert_eq(fwrite(data, 1, bytes, file), bytes);
  fclose(file);
}

static void write_text(const char *name, const char *text) {
  write_file(name, text, strlen(text));
}

/* Runs a shell command in the folder; returns its exit code. */
static int shell(const char *command) {
  char line[1024];
  snprintf(line, sizeof line, "cd %s && { %s; }", folder, command);
  int state = system(line);
  return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static void open_folder(void) {
  cr_assert_not_null(mkdtemp(folder));
}

static void close_folder(void) {
  shell("rm -rf \"$PWD\"");
}

/* A program that runs both models of emit() on the test's input and checks one against the other.
 */
static const char host_program[] =
    "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
    "#include \"one.h\"\n#include \"two.h\"\n"
    "static float in[ONE_IN_IMAGE_ELEMENTS_3x4];\n"
    "static float a[ONE_OUT_FEATURES_ELEMENTS_3x4], b[TWO_OUT_FEATURES_ELEMENTS_3x4];\n"
    "int main(void) {\n"
    "  size_t bytes = (ONE_WORKSPACE_BYTES_3x4(1) + 63) / 64 * 64;\n"
    "  void *w = aligned_alloc(64, bytes);\n"
    "  for (int i = 0; i < ONE_IN_IMAGE_ELEMENTS_3x4; ++i) in[i] = (float)(i % 7);\n"
    "  int code = one_infer_3x4(in, a, w, bytes, NULL);\n"
    "  if (!code) code = two_infer_3x4(in, b, w, bytes, NULL);\n"
    "  free(w);\n"
    "  if (code || memcmp(a, b, sizeof a) || a[0] == 0) return 1;\n"
    "  return strcmp(one_model()->name, two_model()->name);\n"
    "}\n";

static void write_model(const char *isa, const char *prefix) {
  char name[16];
  Sample *e = emit(isa, prefix, EMIT_OBJECT);
  snprintf(name, sizeof name, "%s.o", prefix);
  write_file(name, e->object.data, e->object.bytes);
  snprintf(name, sizeof name, "%s.h", prefix);
  write_text(name, header_write(&e->spec, e->arena));
  ArchiveMember member = {.name = "model.o", .data = e->object.data, .bytes = e->object.bytes};
  member.symbols = artifact_symbols(&e->spec, e->arena, &member.symbol_count);
  char *archive;
  size_t bytes;
  archive_write(e->arena, &member, 1, &archive, &bytes);
  snprintf(name, sizeof name, "%s.a", prefix);
  write_file(name, archive, bytes);
  discard(e);
}

Test(object, links_two_models_into_one_program) {
  open_folder();
  write_model("v2", "one");
  write_model("v2", "two");
  write_text("host.c", host_program);
  cr_expect_eq(shell("cc -std=c99 -D_ISOC11_SOURCE -Wall -Wextra -Werror -pedantic -fPIE -pie "
                     "host.c one.o two.o -o host && ./host"),
               0);
  cr_expect_eq(shell("cc host.c two.a one.a -static -o static && ./static"), 0, "archives");
  cr_expect_eq(shell("c++ -x c++ -Wall -Wextra -Werror host.c -x none one.o two.a -o cpp && ./cpp"),
               0);
  cr_expect_eq(shell("cc -shared one.o -Wl,-z,text,-z,defs -o one.so && "
                     "cc host.c ./one.so two.o -o dynamic && ./dynamic"),
               0);
  close_folder();
}

Test(object, runs_on_aarch64) {
  if (system("command -v qemu-aarch64 aarch64-linux-gnu-gcc >/dev/null")) {
    cr_skip_test("no qemu-aarch64 or aarch64-linux-gnu-gcc");
  }
  open_folder();
  write_model("neon", "one");
  write_model("neon", "two");
  write_text("host.c", host_program);
  cr_expect_eq(shell("aarch64-linux-gnu-gcc -fPIE -pie host.c one.o two.a -o host && "
                     "qemu-aarch64 -L /usr/aarch64-linux-gnu ./host"),
               0);
  close_folder();
}
