#!/bin/sh
# shared_runtime.sh ATMC TOOLS LIBRARY: libatm_runtime.so has its version in its name, exports what its headers declare
# and no more, each under that version, and needs libc alone. A host that links it runs a model on two threads.
set -eu
atmc=$1 library=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
abi=$(sed -n 's/^#define ATM_ABI_VERSION //p' "$root/runtime/atm_runtime.h")
objdump -p "$library" >headers
grep -q "SONAME *libatm_runtime.so.$abi\$" headers
if awk '$1 == "NEEDED" { print $2 }' headers | grep -v '^libc\.'; then echo "it needs more than libc"; exit 1; fi
cat "$root/runtime/atm_runtime.h" "$root/runtime/atm_resize.h" | grep -v '^typedef' |
  sed -n 's/^[a-z].*[ *]\(atm_[a-z_]*\)(.*/\1/p' | sort >declared
nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }' >exported
sed -n "s/@@ATM_$abi\$//p" exported | sort >versioned
cmp declared versioned && [ "$(wc -l <exported)" = "$(wc -l <versioned)" ] ||
  { echo "declared:" && cat declared && echo "exported:" && cat exported && exit 1; }
echo "$(wc -l <exported) functions, those of the headers"

"$atmc" compile "$root/examples/models/glyphs.json" --weights "$root/examples/glyphs/glyphs.safetensors" \
  --shape 1x3x48x48 -o glyphs 2>log || { cat log; exit 1; }
cat >host.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include "atm_runtime.h"
#include "glyphs.h"

static float image[GLYPHS_IN_IMAGE_ELEMENTS], logits[GLYPHS_OUT_LOGITS_ELEMENTS];

int main(void) {
  size_t bytes = GLYPHS_WORKSPACE_BYTES(2);
  void *workspace = aligned_alloc(64, bytes);
  atm_pool *pool = atm_pool_create(2);
  atm_env env = atm_pool_env(pool);
  int code = glyphs_infer(image, logits, workspace, bytes, &env);
  printf("%s: %s\n", atm_model_variant(glyphs_model(), &env)->name, atm_error_text(code));
  atm_pool_destroy(pool);
  free(workspace);
  return code;
}
C
cc -I. -I"$root/runtime" host.c glyphs.o -L"$(dirname "$library")" -latm_runtime -o host
objdump -p host | grep -q "NEEDED *libatm_runtime.so.$abi\$"
LD_LIBRARY_PATH=$(dirname "$library") ./host
