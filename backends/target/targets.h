/* The table of targets: one row per instruction set, in a file for each family. A new target is a
 * new row. Rows are for Linux; systems.c makes those of other systems of them. */
#ifndef ATMC_BACKENDS_TARGET_TARGETS_H
#define ATMC_BACKENDS_TARGET_TARGETS_H

#include "ir/plan.h"

typedef struct TargetRow {
  TargetInfo info;
  const char *isa;               /* short name of --isa */
  bool quantized;                /* it is worth its name for quantized products alone */
  const char *baseline_cpu;      /* LLVM cpu for code that runs before the ISA was checked, */
  const char *baseline_features; /* and its features; NULL: those of that CPU */
  const char *const *
    requires;              /* LLVM names of the CPU features that the code needs; NULL-ended */
  const char *const *cpus; /* LLVM names of CPUs whose best row this is; NULL-ended */
} TargetRow;

/* A CPU whose code is tuned for it, because it gains by that. */
typedef struct TargetTuning {
  const char *cpu;  /* NULL: the end of a list */
  const char *tune; /* LLVM's name of the CPU whose model it is scheduled by */
} TargetTuning;

typedef struct TargetFamily {
  const char *const *arches; /* first components of triples, NULL-ended */
  const char *name;          /* in messages */
  const TargetRow *rows;     /* best first; each contains the next */
  uint32_t row_count;
  const TargetTuning *tunings; /* NULL: none */
  bool in_floats;              /* no products of whole numbers */
} TargetFamily;

extern const TargetFamily target_family_x86;
extern const TargetFamily target_family_arm;
extern const TargetFamily target_family_riscv;
extern const TargetFamily target_family_power;
extern const TargetFamily target_family_wasm;

/* A system for which objects are made. */
typedef struct TargetSystem TargetSystem;
/* The one that `triple` names for the family; NULL: none. `triple` begins with an architecture of
 * the family. */
const TargetSystem *system_find(const TargetFamily *family, const char *triple);
/* It is not Linux. */
bool system_is_foreign(const TargetSystem *system);
/* The row's target for the system, in `arena` unless that is Linux; NULL after a usage error. */
const TargetInfo *system_apply(const TargetSystem *system, const TargetRow *row, Arena *arena,
                               Diag *diag);
/* All triples, for messages. */
const char *system_triples(Arena *arena);

/* LLVM's name of the machine at hand. */
extern const char target_host_triple[];

/* The row whose name `info` has. */
const TargetRow *target_row(const TargetInfo *info);

#endif
