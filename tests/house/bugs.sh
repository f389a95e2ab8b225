#!/bin/sh
# bugs.sh: each `FILE:WORD` of docs/BUGS.md is a file of this house that holds the word. Each row of a table has one.
set -eu
awk '/^\|/ && !/^\| (bug|---) / && !/`tests\/[^`]*:[^`]+`/ { print "docs/BUGS.md: no test: " $0; bad = 1 }
     END { exit bad }' docs/BUGS.md
grep -o '`tests/[^`]*:[^`]*`' docs/BUGS.md | tr -d '`' | {
  bad=0
  while IFS= read -r entry; do
    grep -qF -e "${entry#*:}" "${entry%%:*}" || { echo "docs/BUGS.md: no ${entry#*:} in ${entry%%:*}"; bad=1; }
  done
  exit $bad
}
