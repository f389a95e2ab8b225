# Prints the prototypes of headers that have no comment: neither one that ends on the line above, nor
# one behind them on their own line. A blank line ends what a comment covers.
#   awk -f comments.awk FILE.h...
FNR == 1 { comment = above = ""; prototype = ""; macro = 0 }
macro { macro = /\\$/; next }
/^#/ { macro = /\\$/; above = ""; next }
comment { if (/\*\//) { comment = ""; above = "y" } next }
/^\/\* -- / { above = ""; next } # a heading
/^\/\*/ { if (/\*\//) above = "y"; else comment = "y"; next }
prototype == "" && (/^(typedef|struct|enum|union|static|extern|_Static_assert|[ }])/ || !/^[A-Za-z_]/) {
  above = ""
  next
}
prototype == "" && !/\(/ { above = ""; next } # the fields of X-macros, labels of tables
{
  if (prototype == "") { line = FNR; first = $0; covered = above }
  prototype = prototype $0
  if (!/;/) next
  if (covered == "" && !/;.*\/\*/) {
    sub(/\(.*/, "", first)
    sub(/.*[ *]/, "", first)
    print FILENAME ":" line ": " first " has no comment"
  }
  if (/;.*\/\*/ && !/\*\//) comment = "y" # goes on below
  prototype = above = ""
}
