/* What others call the published models: their authors' classes, timm, the papers. */
#include <string.h>

#include "frontend/published.h"

/* In lower case, with _ for -. The names of timm's Mixers and of CycleMLP's classes come out as
 * ours by that, and by what is cut off. */
static const struct Alias {
  const char *name, *here;
} aliases[] = {
    {"activextiny", "atmnet_xt"},
    {"active_xtiny", "atmnet_xt"},
    {"active_xt", "atmnet_xt"},
    {"activemlp_xt", "atmnet_xt"},
    {"atmnet_xtiny", "atmnet_xt"},
    {"activetiny", "atmnet_t"},
    {"active_tiny", "atmnet_t"},
    {"active_t", "atmnet_t"},
    {"activemlp_t", "atmnet_t"},
    {"atmnet_tiny", "atmnet_t"},
    {"activesmall", "atmnet_s"},
    {"active_small", "atmnet_s"},
    {"active_s", "atmnet_s"},
    {"activemlp_s", "atmnet_s"},
    {"atmnet_small", "atmnet_s"},
    {"activebase", "atmnet_b"},
    {"active_base", "atmnet_b"},
    {"active_b", "atmnet_b"},
    {"activemlp_b", "atmnet_b"},
    {"atmnet_base", "atmnet_b"},
    {"activelarge", "atmnet_l"},
    {"active_large", "atmnet_l"},
    {"active_l", "atmnet_l"},
    {"activemlp_l", "atmnet_l"},
    {"atmnet_large", "atmnet_l"},
    {"as_mlp_t", "asmlp_t"},
    {"as_mlp_s", "asmlp_s"},
    {"as_mlp_b", "asmlp_b"},
    {"as_mlp_tiny", "asmlp_t"},
    {"as_mlp_small", "asmlp_s"},
    {"as_mlp_base", "asmlp_b"},
    {"asmlp_tiny_patch4_shift5", "asmlp_t"},
    {"asmlp_small_patch4_shift5", "asmlp_s"},
    {"asmlp_base_patch4_shift5", "asmlp_b"},

    {"resmlp_12_distilled", "resmlp_12"},
    {"resmlp_24_distilled", "resmlp_24"},
    {"resmlp_36_distilled", "resmlp_36"},
    {"resmlp_big_24_distilled", "resmlp_big_24"},
    {"resmlp_12_224_dino", "resmlp_12"},
    {"resmlp_24_224_dino", "resmlp_24"},
    {"resmlp_big_24_224_in22ft1k", "resmlp_big_24"},
};
enum { ALIAS_COUNT = sizeof aliases / sizeof *aliases, MAX_NAME = 64 };

/* In lower case with _ for -, without the / of "B/16", without timm's ".goog_in21k_ft_in1k" and
 * without the resolution that is published. False: too long. */
static bool fold(const char *name, char folded[MAX_NAME]) {
  static const char resolution[] = "_224";
  size_t length = 0;
  for (; *name && *name != '.'; ++name) {
    if (*name == '/') continue;
    if (length == MAX_NAME - 1) return false;
    char lower = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
    folded[length++] = (char)(lower == '-' ? '_' : lower);
  }
  size_t cut = sizeof resolution - 1;
  if (length > cut && memcmp(folded + length - cut, resolution, cut) == 0) length -= cut;
  folded[length] = '\0';
  return true;
}

const char *published_alias(Arena *arena, const char *name) {
  char folded[MAX_NAME];
  if (!fold(name, folded)) return NULL;
  for (uint32_t i = 0; i < ALIAS_COUNT; ++i) {
    if (strcmp(aliases[i].name, folded) == 0) return aliases[i].here;
  }
  for (const char *const *known = published_model_names(); *known; ++known) {
    if (strcmp(*known, folded) == 0) return arena_strdup(arena, folded);
  }
  return NULL;
}
