# What the scripts of this folder share; to be sourced.

# median FILE: of the numbers in it, one on each line.
median() {
  sort -g "$1" | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

# number KEY FILE: the number behind a key that a JSON file has once.
number() {
  sed -n "s/.*\"$1\":[[:space:]]*\([0-9.e+-]*\).*/\1/p" "$2"
}

# make_model ATMC MODEL FOLDER: MODEL's description and weights, as FOLDER/model.json and .safetensors.
# MODEL may end in _pyramid.
make_model() {
  case $2 in
    *_pyramid) "$1" init "${2%_pyramid}" --pyramid -o "$3/model.json" ;;
    *) "$1" init "$2" -o "$3/model.json" ;;
  esac
  "$1" weights "$3/model.json" --synthetic=0 -o "$3/model.safetensors"
}
