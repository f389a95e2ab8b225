# For the scripts that read it, whose argument is atmc: from here on they stand in a folder of their own.
atmc=$1
case $atmc in /*) ;; *) atmc=$PWD/$atmc ;; esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1

total=0 failed=0
fail() {
  failed=$((failed + 1))
  echo "FAILED: $*"
}

# expect CODE ARGUMENT...: runs atmc; its streams are in the files stdout and stderr. A failure says
# something on stderr alone.
expect() {
  code=$1
  shift
  total=$((total + 1))
  "$atmc" "$@" >stdout 2>stderr
  got=$?
  [ $got = "$code" ] || { fail "atmc $*: exit code $got, expected $code"; cat stderr; }
  if [ "$code" != 0 ] && [ "$code" != 4 ]; then
    [ ! -s stdout ] || fail "atmc $*: failed with output on stdout"
    [ -s stderr ] || fail "atmc $*: failed without a message"
  fi
}
# says STREAM TEXT: the last run printed TEXT there.
says() {
  total=$((total + 1))
  grep -qF -e "$2" "$1" || { fail "no \"$2\" on $1:"; cat "$1"; }
}
# holds FOLDER FILE...: these files and no others, hidden ones included.
holds() {
  total=$((total + 1))
  folder=$1
  shift
  found=$(cd "$folder" && ls -A | sort | tr '\n' ' ')
  wanted=$(for file in "$@"; do echo "$file"; done | sort | tr '\n' ' ')
  [ "$found" = "${wanted# }" ] || fail "$folder holds \"$found\", expected \"$wanted\""
}

# A model of one block.
cat >tiny.json <<'JSON'
{"atmc": 1, "name": "tiny",
 "inputs": [{"name": "image", "layout": "nchw", "channels": 3}],
 "layers": [
   {"op": "conv2d", "name": "stem", "channels": 16, "kernel": 3, "stride": 2, "padding": 1},
   {"op": "peg", "name": "peg"},
   {"op": "atm_block", "name": "block", "mlp_ratio": 2, "offsets": "new", "share": 2},
   {"op": "layer_norm", "name": "norm"},
   {"op": "mean_hw"},
   {"op": "linear", "name": "head", "channels": 4}],
 "outputs": [{"name": "logits"}]}
JSON

# A version 1.0 .npy file of zeros.
make_npy() { # SHAPE BYTES FILE
  {
    printf '\223NUMPY\001\000\166\000'
    printf '%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': ($1), }"
    head -c "$2" /dev/zero
  } >"$3"
}
