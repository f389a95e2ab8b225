/* The note of an artifact: what it was made from, in every file that it is linked into.
 *
 *   section .note.atmc: size of the name, size of the text, type 1, "atmc", the text
 */
#include <string.h>

#include "backends/llvm/artifact.h"

_Static_assert(sizeof(ArtifactNote) == 20, "as ELF has notes: words and a padded name");

/* Hidden rather than private: nothing refers to it, and it stays. */
void note_emit(Artifact *a) {
  const char *text = a->spec->note;
  if (!text) return;
  ModuleContext *m = a->m;
  uint32_t bytes = (uint32_t)strlen(text) + 1;
  ArtifactNote head = artifact_note_head(bytes);
  LLVMValueRef parts[] = {
      LLVMConstStringInContext2(m->context, (const char *)&head, sizeof head, true),
      LLVMConstStringInContext2(m->context, text, bytes - 1, false)};
  LLVMValueRef whole = LLVMConstStructInContext(m->context, parts, 2, true);
  LLVMValueRef global = LLVMAddGlobal(m->module, LLVMTypeOf(whole),
                                      arena_printf(a->arena, "%s_note", a->spec->prefix));
  LLVMSetInitializer(global, whole);
  LLVMSetGlobalConstant(global, true);
  LLVMSetVisibility(global, LLVMHiddenVisibility);
  static const char *const sections[FORMAT_COUNT] = {".note.atmc", "__TEXT,__atmc_note", ".atmc"};
  LLVMSetSection(global, sections[artifact_format(a->spec)]);
  LLVMSetAlignment(global, 4);
}
