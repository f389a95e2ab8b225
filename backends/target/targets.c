/* Choosing a row of the target table from --isa, --cpu and --target.
 *
 *   family   --target; else that of --isa or --cpu; else that of the machine at hand
 *   row      --isa; else the best that --cpu runs; else the best that the machine at hand runs, or
 *            the family's lowest when the machine is of another family
 *
 * Where several options are given they must agree. */
#include <string.h>

#include "backends/backend.h"
#include "backends/target/targets.h"
#include "runtime/atm_runtime.h"
#include "support/panic.h"

static const TargetFamily *const families[] = {&target_family_x86, &target_family_arm,
                                               &target_family_riscv, &target_family_power,
                                               &target_family_wasm};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

const char target_host_triple[] = ATMC_HOST_TRIPLE;

/* `list` ends with NULL. */
static bool list_has(const char *const *list, const char *name) {
  for (; *list; ++list) {
    if (strcmp(*list, name) == 0) return true;
  }
  return false;
}

/* `triple` starts with one of the family's architectures, and names a system that it has. */
static bool family_takes(const TargetFamily *family, const char *triple) {
  size_t length = strcspn(triple, "-");
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): tables are not NULL */
  for (const char *const *arch = family->arches; *arch; ++arch) {
    if (strlen(*arch) == length && strncmp(*arch, triple, length) == 0) {
      return system_find(family, triple) != NULL;
    }
  }
  return false;
}

/* NULL where no family takes it. */
static const TargetFamily *family_of_triple(const char *triple) {
  for (uint32_t i = 0; i < FAMILY_COUNT; ++i) {
    if (family_takes(families[i], triple)) return families[i];
  }
  return NULL;
}

static const TargetFamily *family_of_host(void) {
  return family_of_triple(target_host_triple);
}

/* The best row that this machine runs, NULL when it is of another family. */
static const TargetRow *row_of_host(const TargetFamily *family) {
  if (family != family_of_host()) return NULL;
  uint64_t isa = atm_cpu_isa();
  for (uint32_t i = 0; i < family->row_count; ++i) {
    uint64_t needed = family->rows[i].info.isa_bits;
    if ((isa & needed) == needed) return &family->rows[i];
  }
  return NULL;
}

/* CPUs that run `row` run `other` too. */
static bool row_contains(const TargetRow *row, const TargetRow *other) {
  for (const char *const *f = other->requires; *f; ++f) {
    if (!list_has(row->requires, *f)) return false;
  }
  return true;
}

/* The row to be taken where nobody named one, on CPUs whose best row is `best`. */
static const TargetRow *row_by_itself(const TargetFamily *family, const TargetRow *best,
                                      bool quantized) {
  const TargetRow *end = family->rows + family->row_count;
  for (const TargetRow *row = best; row < end; ++row) {
    if (row_contains(best, row) && (quantized || !row->quantized)) return row;
  }
  return best;
}

/* A CPU is listed with the best row that it runs. */
static const TargetRow *row_of_cpu(const TargetFamily *family, const char *cpu) {
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): tables are not NULL */
  for (uint32_t i = 0; i < family->row_count; ++i) {
    if (list_has(family->rows[i].cpus, cpu)) return &family->rows[i];
  }
  return NULL;
}

/* By the short name ("v4") or the long one ("x86-64-v4"). */
static const TargetRow *row_of_isa(const TargetFamily *family, const char *isa) {
  for (uint32_t i = 0; i < family->row_count; ++i) {
    const TargetRow *row = &family->rows[i];
    if (strcmp(row->isa, isa) == 0 || strcmp(row->info.name, isa) == 0) return row;
  }
  return NULL;
}

/* The first family, or `only` when it is not NULL, in which `find` finds `name`. */
static const TargetRow *row_find(const TargetFamily *only, const char *name,
                                 const TargetRow *(*find)(const TargetFamily *, const char *),
                                 const TargetFamily **family) {
  for (uint32_t i = 0; i < FAMILY_COUNT; ++i) {
    if (only && families[i] != only) continue;
    const TargetRow *row = find(families[i], name);
    if (row) {
      *family = families[i];
      return row;
    }
  }
  return NULL;
}

/* For messages: all names, or those of one family. */
static const char *isa_names(const TargetFamily *only, Arena *arena) {
  StringBuilder text = {.arena = arena};
  for (uint32_t i = 0; i < FAMILY_COUNT; ++i) {
    for (uint32_t r = 0; (!only || families[i] == only) && r < families[i]->row_count; ++r) {
      string_builder_printf(&text, "%s%s", text.length ? ", " : "", families[i]->rows[r].isa);
    }
  }
  return string_builder_text(&text);
}

static const char *cpu_names(const TargetFamily *only, Arena *arena) {
  StringBuilder text = {.arena = arena};
  string_builder_add(&text, "native");
  for (uint32_t i = 0; i < FAMILY_COUNT; ++i) {
    for (uint32_t r = 0; (!only || families[i] == only) && r < families[i]->row_count; ++r) {
      for (const char *const *cpu = families[i]->rows[r].cpus; *cpu; ++cpu) {
        string_builder_printf(&text, ", %s", *cpu);
      }
    }
  }
  return string_builder_text(&text);
}

/* The best row of --cpu; *family is set from it when it was open. NULL after an error. */
static const TargetRow *choose_cpu(const char *cpu, const TargetFamily **family, Arena *arena,
                                   Diag *diag) {
  const TargetFamily *only = *family;
  if (strcmp(cpu, "native") == 0) {
    *family = family_of_host();
    const TargetRow *row = *family && (!only || only == *family) ? row_of_host(*family) : NULL;
    if (!row) {
      diag_usage_error(diag, "--cpu=native: this machine runs no code of the chosen target");
    }
    return row;
  }
  const TargetRow *row = row_find(only, cpu, row_of_cpu, family);
  if (!row) {
    diag_usage_error(diag, "unknown CPU \"%s\"%s%s; known: %s", cpu, only ? " for " : "",
                     only ? only->name : "", cpu_names(only, arena));
  }
  return row;
}

/* For whom code is made that nobody chose an instruction set for: the machine at hand, unless the
 * code is for another system. */
static const TargetRow *row_of_nobody(const TargetFamily *family, const char *triple) {
  bool foreign = triple && system_is_foreign(system_find(family, triple));
  const TargetRow *best = foreign ? NULL : row_of_host(family);
  return best ? best : &family->rows[family->row_count - 1];
}

/* The row as options choose it, whatever the system. */
static const TargetInfo *choose_row(const TargetRequest *request, Arena *arena, Diag *diag) {
  const TargetFamily *family = NULL;
  const char *isa = request->isa, *cpu = request->cpu, *triple = request->triple;
  if (triple && !(family = family_of_triple(triple))) {
    diag_usage_error(diag, "unknown target \"%s\"; known: %s", triple, system_triples(arena));
    return NULL;
  }
  const TargetRow *wanted = isa ? row_find(family, isa, row_of_isa, &family) : NULL;
  if (isa && !wanted) {
    diag_usage_error(diag, "unknown ISA \"%s\"%s%s; known: %s", isa, family ? " for " : "",
                     family ? family->name : "", isa_names(family, arena));
    return NULL;
  }
  const TargetRow *best = NULL;
  if (cpu && !(best = choose_cpu(cpu, &family, arena, diag))) return NULL;
  if (wanted && best && !row_contains(best, wanted)) {
    diag_usage_error(diag, "CPU \"%s\" does not run %s, %s at most", cpu, wanted->info.name,
                     best->info.name);
    return NULL;
  }
  if (wanted) return &wanted->info;
  if (!family && !(family = family_of_host())) {
    diag_usage_error(diag, "no code is made for this machine; choose one with --target");
    return NULL;
  }
  if (!best) best = row_of_nobody(family, triple);
  return &row_by_itself(family, best, request->quantized)->info;
}

/* Rows are elements of their family's table. */
static const TargetFamily *family_of_row(const TargetRow *row) {
  for (uint32_t i = 0; i < FAMILY_COUNT; ++i) {
    const TargetRow *rows = families[i]->rows;
    if (row >= rows && row < rows + families[i]->row_count) return families[i];
  }
  PANIC("target %s is of no family", row->info.name);
}

/* `info` tuned for `cpu`, in `arena`; `info` itself where that gains nothing. */
static const TargetInfo *tuned(const TargetFamily *family, const TargetInfo *info, const char *cpu,
                               Arena *arena) {
  for (const TargetTuning *t = family->tunings; cpu && t && t->cpu; ++t) {
    if (strcmp(t->cpu, cpu) != 0) continue;
    TargetInfo *own = ARENA_NEW(arena, TargetInfo);
    *own = *info;
    own->tune = t->tune;
    return own;
  }
  return info;
}

const TargetInfo *target_choose(const TargetRequest *request, Arena *arena, Diag *diag) {
  const TargetInfo *info = choose_row(request, arena, diag);
  if (!info) return NULL;
  const TargetRow *row = target_row(info);
  const TargetFamily *family = family_of_row(row);
  if (request->quantized && family->in_floats) {
    diag_usage_error(diag, "--quantize=int8: code for %s is in floats alone", family->name);
    return NULL;
  }
  if (request->triple) {
    info = system_apply(system_find(family, request->triple), row, arena, diag);
  }
  return info ? tuned(family, info, request->cpu, arena) : NULL;
}

const TargetInfo *target_find(const char *name, const char *triple) {
  for (uint32_t i = 0; i < FAMILY_COUNT; ++i) {
    const TargetRow *row = row_of_isa(families[i], name);
    if (row && (!triple || family_of_triple(triple) == families[i])) return &row->info;
  }
  return NULL;
}

const TargetRow *target_row(const TargetInfo *info) {
  for (uint32_t i = 0; i < FAMILY_COUNT; ++i) {
    const TargetRow *row = row_of_isa(families[i], info->name);
    if (row) return row;
  }
  PANIC("target %s is not in the table", info->name);
}

/* The rows of one family are best first: nothing of another may stand in `list`, nor `target`
 * itself. */
static Status list_add(TargetList *list, const char *name, const TargetInfo *target, Diag *diag) {
  const TargetRow *row = target_row(target);
  uint32_t at = 0;
  for (uint32_t i = 0; i < list->count; ++i) {
    const TargetRow *other = target_row(list->items[i]);
    if (other == row) return diag_usage_error(diag, "--isa: %s is named twice", name);
    if (family_of_row(other) != family_of_row(row)) {
      return diag_usage_error(diag, "--isa: %s is of %s, %s of %s; an object is for one of them",
                              other->isa, family_of_row(other)->name, row->isa,
                              family_of_row(row)->name);
    }
    at += other < row;
  }
  for (uint32_t i = list->count; i > at; --i) list->items[i] = list->items[i - 1];
  list->items[at] = target;
  ++list->count;
  return STATUS_OK;
}

Status target_choose_list(const TargetRequest *request, Arena *arena, Diag *diag,
                          TargetList *list) {
  const char *isas = request->isa;
  size_t names = 1;
  for (const char *c = isas; c && *c; ++c) names += *c == ',';
  *list = (TargetList){.items = ARENA_ARRAY(arena, names, const TargetInfo *)};
  for (size_t i = 0; i < names; ++i) {
    TargetRequest one = *request;
    size_t length = isas ? strcspn(isas, ",") : 0;
    one.isa = isas ? arena_strndup(arena, isas, length) : NULL;
    const TargetInfo *target = target_choose(&one, arena, diag);
    if (!target) return STATUS_USAGE;
    RETURN_IF_ERROR(list_add(list, one.isa, target, diag));
    if (isas) isas += length + 1;
  }
  return STATUS_OK;
}

const char *target_isas(Arena *arena) {
  return isa_names(NULL, arena);
}

const char *target_cpus(Arena *arena) {
  return cpu_names(NULL, arena);
}

const char *target_triples(Arena *arena) {
  return system_triples(arena);
}
