# Prints what the formatter and the linter leave alone: increments behind a name whose value nobody
# uses (the house writes ++i), and lines of more than 100 characters.
#   awk -f style.awk FILE...
function report(what) { print FILENAME ":" FNR ": " what }
{
  line = $0
  gsub(/"([^"\\]|\\.)*"/, "\"\"", line) # no texts
  gsub(/\/\*.*\*\//, "", line)
  if (match(line, /(^ *|[;)] )[A-Za-z_(*][][A-Za-z0-9_.>*()-]*(\+\+|--)(;|\))/)) report("write the increment in front")
  if (length($0) > 100 && $0 !~ /https?:/) report("more than 100 characters")
}
