/* The table of targets: one row per instruction set, x86.c and arm.c. A new target is a new row. */
#ifndef ATMC_BACKENDS_LLVM_TARGETS_H
#define ATMC_BACKENDS_LLVM_TARGETS_H

#include "ir/plan.h"

typedef struct TargetRow {
  TargetInfo info;
  const char *isa;          /* short name of --isa */
  bool quantized;           /* it is worth its name for quantized products alone */
  const char *baseline_cpu; /* LLVM cpu for code that runs before the ISA was checked */
  const char *const *
    requires;              /* LLVM names of the CPU features that the code needs; NULL-ended */
  const char *const *cpus; /* LLVM names of CPUs whose best row this is; NULL-ended */
} TargetRow;

typedef struct TargetFamily {
  const char *const *arches; /* first components of triples, NULL-ended */
  const char *name;          /* in messages */
  const TargetRow *rows;     /* best first; each contains the next */
  uint32_t row_count;
} TargetFamily;

extern const TargetFamily target_family_x86;
extern const TargetFamily target_family_arm;

/* The row whose name `info` has. */
const TargetRow *target_row(const TargetInfo *info);

#endif
