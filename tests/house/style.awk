# Prints what the formatter and the linter leave alone, or see late: increments behind a name whose
# value nobody uses (the house writes ++i), bare bodies below their condition, lines of more than 100
# characters.
#   awk -f style.awk FILE...
function report(what) { print FILENAME ":" FNR ": " what }
{
  line = $0
  gsub(/"([^"\\]|\\.)*"/, "\"\"", line) # no texts
  gsub(/\/\*.*\*\//, "", line)
  if (match(line, /(^ *|[;)] )[A-Za-z_(*][][A-Za-z0-9_.>*()-]*(\+\+|--)(;|\))/)) report("write the increment in front")
  if (length($0) > 100 && $0 !~ /https?:/) report("more than 100 characters")
}
# A body on a line of its own, without braces.
bare && $0 !~ /^ *(&&|\|\||[+?:-])/ { print FILENAME ":" FNR - 1 ": braces around what stands on a line of its own" }
{ bare = 0 }
/^ *(} else )?(if|for|while) \(.*\)$/ { s = $0; bare = gsub(/\(/, "", s) == gsub(/\)/, "", s) }
/^ *(} )?else$/ { bare = 1 }
