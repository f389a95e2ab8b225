#!/bin/sh
# runner_here.sh ATMC TOOLS: --runner with a runner that none needs, this machine's env: what verify, run and bench
# give in a process of its own is what they give in atmc's, and errors say what is wrong.
set -eu
atmc=$1 tools=$2
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/refuse.sh
. "$here/refuse.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export TMPDIR="$work/tmp"
mkdir tmp
"$atmc" weights "$here/pixels/model.json" --synthetic=1 -o w.st
"$tools/make_pixels" nhwc rgb 37 50 2 bytes.npy floats.npy

# The same bits as in this process, on threads too; and nothing is left.
set -- "$here/pixels/model.json" --weights w.st
"$atmc" run "$@" --input bytes.npy --output stem=here.npy --output logits=logits.npy --threads=2
"$atmc" run "$@" --input bytes.npy --output stem=there.npy --output logits=l.npy --threads=2 --runner=env
cmp here.npy there.npy && cmp logits.npy l.npy
[ -z "$(ls -A tmp)" ] || { echo "left: $(ls -A tmp)"; exit 1; }

# Runners that are none, that end at once, with a code or by a signal, and code that nothing can link.
printf '#!/bin/sh\nkill -SEGV $$\n' >dies
chmod +x dies
run="run $* --input bytes.npy"
refuse 3 'cannot run "no-such-emulator": No such file' $run --runner=no-such-emulator
refuse 3 'the runner "false" ended with exit code 1' $run --runner=false
refuse 3 'the runner "true" ended with exit code 0' $run --runner=true
refuse 3 'the runner "./dies" ended by signal 11' $run --runner=./dies
refuse 2 'a command of at most 60 words' $run --runner="env $(printf 'A=b %.0s' $(seq 60))"
# Agents that say hello (their instruction sets, a code) and no more, or answer with a code: runtime/agent/agent.h.
agent() { # INSTRUCTIONS CODE [REPLY]
  {
    echo '#!/bin/sh'
    printf '%s\n' "printf '$1$1$1$1$1$1$1$1$2\000\000\000\000' >&0"
    [ $# = 2 ] || printf '%s\n' "head -c 1 >first && printf '$3' >&0 && cat >rest"
  } >agent
  chmod +x agent
}
good='\000\000\000\000' refused='\370\377\377\377' failed='\372\377\377\377'
agent '\377' $refused
refuse 3 'the runner "./agent": the system refused a thread' $run --runner=./agent
agent '\000' $good
refuse 2 'the machine of --runner does not run code for' $run --runner=./agent
agent '\377' $good
refuse 3 'the runner "./agent" ended with exit code 0' $run --runner=./agent
agent '\377' $good $failed
refuse 3 'the model failed: parallel_for failed' $run --runner=./agent
refuse 2 'the interpreter runs in this process' $run --runner=env --engine=interp
TMPDIR=$work/missing refuse 3 'cannot be made' $run --runner=env
[ -z "$(ls -A tmp)" ] || { echo "left: $(ls -A tmp)"; exit 1; }

# Kernel by kernel, in a model small enough for many turns of bench; floats and whole numbers.
cat >two.json <<'JSON'
{"atmc": 1, "name": "two", "inputs": [{"name": "image", "channels": 32, "layout": "nhwc"}],
 "layers": [{"op": "linear", "name": "a", "channels": 64}, {"op": "gelu"}, {"op": "linear", "name": "b", "channels": 64}],
 "outputs": [{"name": "out", "from": "b"}]}
JSON
"$atmc" weights two.json --synthetic=0 -o two.st
set -- two.json --weights two.st --shape 1x32x4x4
# checks OPTION...: what verify says of each kernel, without its time.
checks() {
  "$atmc" verify "$@" --threads=2 >said 2>log || { cat said log; exit 1; }
  grep ' ok ' said
}
for dtype in none int8; do
  checks "$@" --quantize=$dtype >verified_here
  checks "$@" --quantize=$dtype --runner=env >verified_there
  [ -s verified_here ] && diff verified_here verified_there
done
"$atmc" bench "$@" --iterations=3 --threads=2 --runner=env --profile --trace=trace.json >said 2>log
grep -q 'layers, in order' said && grep -q '"cat":"task"' trace.json
refuse 3 'the runner "false" ended with exit code 1' bench "$@" --runner=false
refuse 3 'the runner "false" ended with exit code 1' verify "$@" --runner=false
