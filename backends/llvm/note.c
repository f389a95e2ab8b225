/* The note of an artifact: what it was made from, in every file that it is linked into.
 *
 *   section .note.atmc: size of the name, size of the text, type 1, "atmc", the text
 *
 * In WebAssembly that is a section for tools, which is never in the memory of the program.
 */
#include <string.h>

#include "backends/llvm/artifact.h"

_Static_assert(sizeof(ArtifactNote) == 20, "as ELF has notes: words and a padded name");

/* What LLVM makes a custom section of. */
static void custom_section(ModuleContext *m, const ArtifactNote *head, const char *text,
                           Arena *arena) {
  size_t bytes = sizeof *head + head->bytes;
  char *note = ARENA_ARRAY(arena, bytes, char);
  memcpy(note, head, sizeof *head);
  memcpy(note + sizeof *head, text, head->bytes);
  LLVMMetadataRef parts[] = {LLVMMDStringInContext2(m->context, ".note.atmc", strlen(".note.atmc")),
                             LLVMMDStringInContext2(m->context, note, bytes)};
  LLVMMetadataRef node = LLVMMDNodeInContext2(m->context, parts, 2);
  LLVMAddNamedMetadataOperand(m->module, "wasm.custom_sections",
                              LLVMMetadataAsValue(m->context, node));
}

/* Hidden rather than private: nothing refers to it, and it stays. */
void note_emit(Artifact *a) {
  const char *text = a->spec->note;
  if (!text) return;
  ModuleContext *m = a->m;
  uint32_t bytes = (uint32_t)strlen(text) + 1;
  ArtifactNote head = artifact_note_head(bytes);
  if (artifact_format(a->spec) == FORMAT_WASM) {
    custom_section(m, &head, text, a->arena);
    return;
  }
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
