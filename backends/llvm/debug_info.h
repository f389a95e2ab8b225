/* Debug information: the text of the plan as the source of the code.
 *
 *   a kernel    "PREFIX_k4_linear [blocks.0.0, blocks.0.1]", at its line of the plan; each node's
 *               instructions have the line of the node
 *   an entry    PREFIX_run_HxW, at line 1; in it each step, as if it were an inlined function that
 *               is called as the step's layers are: "blocks.0.0", at its line
 *
 * so that a backtrace has the kernel's layers, and above them the one that is under way. It changes
 * no instruction. Where there is none (ModuleContext.debug is NULL), nothing here does anything.
 */
#ifndef ATMC_BACKENDS_LLVM_DEBUG_INFO_H
#define ATMC_BACKENDS_LLVM_DEBUG_INFO_H

#include "backends/backend.h"
#include "backends/llvm/emit.h"

typedef struct DebugInfo DebugInfo;

/* NULL: the artifact has no sources. */
DebugInfo *debug_info_open(ModuleContext *m, const ArtifactSpec *spec);
/* Behind the last function. */
void debug_info_close(ModuleContext *m);

/* What is emitted from here on is of `kernel`, of one of the artifact's plans. */
void debug_info_kernel(ModuleContext *m, const PlanKernel *kernel, LLVMValueRef function);
/* From here on, of this node of its body. */
void debug_info_node(ModuleContext *m, NodeId node);
/* From here on, of the entry of `plan`. */
void debug_info_entry(ModuleContext *m, const Plan *plan, LLVMValueRef function);
/* From here on, of a step in it, of `plan`, */
void debug_info_step(ModuleContext *m, const Plan *plan, const Step *step);
/* and of the entry again. */
void debug_info_step_end(ModuleContext *m);
/* What is emitted from here on has no source. */
void debug_info_end(ModuleContext *m);

#endif
