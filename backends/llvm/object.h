/* Set-up of LLVM that code generation and loading share. */
#ifndef ATMC_BACKENDS_LLVM_OBJECT_H
#define ATMC_BACKENDS_LLVM_OBJECT_H

/* Registers the targets of the table, and makes LLVM's fatal errors panics. May be repeated. */
void object_initialize_llvm(void);

#endif
