#!/bin/sh
# What the house asks of its files, one question each:
#   format    clang-format has nothing to change
#   style     what clang-format leaves alone (style.awk)
#   comments  every prototype in a header says what it promises (comments.awk)
#   circles   files do not depend on each other in circles (circles.sh)
#   bugs      tests that docs/BUGS.md names are there (bugs.sh)
#   recipe    the example of CONTRIBUTING.md builds (recipe.sh)
#   sh run.sh QUESTION SOURCE BUILD; 77: the tool for it is not there
set -eu
cd "$2"
here=$2/tests/house
folders="support ir frontend passes backends runtime driver"
# Prints the answers of an awk script, and fails where there are any.
ask() {
  answers=$(xargs awk -f "$here/$1")
  [ -z "$answers" ] || { echo "$answers"; exit 1; }
}

case $1 in
  format)
    command -v clang-format-19 >/dev/null || { echo "clang-format-19 is not here: skipped"; exit 77; }
    find $folders tests examples bench -name '*.[ch]' | xargs clang-format-19 --dry-run -Werror
    ;;
  style) find $folders tests -name '*.[ch]' | ask style.awk ;;
  comments) find $folders -name '*.h' | ask comments.awk ;;
  circles) sh "$here/circles.sh" "$2" "$3" ;;
  bugs) sh "$here/bugs.sh" ;;
  recipe) sh "$here/recipe.sh" "$2" ;;
  *) echo "no question $1" >&2 && exit 2 ;;
esac
