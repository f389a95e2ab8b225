/* Wrappers of an artifact for other languages: the templates of runtime/bindings, with @WORDS@
 * replaced by what the artifact is called. All else they read from the model's metadata, when they
 * run. */
#include <ctype.h>
#include <string.h>

#include "backends/backend.h"
#include "backends/llvm/embedded_runtime.h"
#include "runtime/atm_runtime.h"
#include "support/panic.h"

typedef struct Word {
  const char *word, *text;
} Word;

/* The word whose name, and an @, stand behind the @ at `at`; NULL: none. */
static const Word *word_at(const Word *words, uint32_t count, const char *at) {
  for (uint32_t i = 0; i < count; ++i) {
    size_t length = strlen(words[i].word);
    if (strncmp(at + 1, words[i].word, length) == 0 && at[1 + length] == '@') return &words[i];
  }
  return NULL;
}

const char *binding_write(const ArtifactSpec *spec, const char *file, Arena *arena) {
  const Word words[] = {
      {"PREFIX", spec->prefix},
      {"UPPER", artifact_macro_prefix(spec, arena)},
      {"MODULE", spec->name},
      {"HEADER", arena_printf(arena, "%s.h", spec->name)},
      {"LIBRARY", arena_printf(arena, "lib%s.so", spec->name)},
      {"ABI", arena_printf(arena, "%d", ATM_ABI_VERSION)},
  };
  StringBuilder out = {.arena = arena};
  const char *at = embedded_runtime_text(arena_printf(arena, "bindings/%s", file));
  while (*at) {
    size_t plain = strcspn(at, "@");
    string_builder_printf(&out, "%.*s", (int)plain, at);
    at += plain;
    if (!*at) break;
    const Word *word = word_at(words, sizeof words / sizeof *words, at);
    CHECK(word);
    string_builder_add(&out, word->text);
    at += strlen(word->word) + 2;
  }
  return string_builder_text(&out);
}
