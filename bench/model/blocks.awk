# blocks.awk: reads the assembly of a model, as --emit=asm writes it, and cuts its functions into blocks: runs
# of instructions that begin at a label or behind a jump.
#   -v mode=count                   prints the assembly, with code before each block that counts its runs
#                                   in atm_counts[number of the block], and changes nothing else
#   -v mode=regions -v counts=FILE  prints the blocks that ran, as regions of llvm-mca; the name of one is
#                                   FUNCTION:COUNT:VECTOR, where VECTOR is how many of its instructions are
#                                   vector arithmetic. Blocks that follow each other and ran equally often
#                                   are one region.
# -v machine=aarch64 or x86_64 says whose assembly it is.
BEGIN {
  if (counts) while ((getline line < counts) > 0) { split(line, f, " "); count[f[1]] = f[2] }
  next_block = 0
}

# Loads and stores are no vector arithmetic, though some take a vector unit (ld1r): cycles show it.
function is_vector(text, name) {
  if (machine == "aarch64") return text ~ /[ \t,{][vqds][0-9]/ && name !~ /^(ld|st|prfm)/
  return text ~ /%[xyz]mm/ && !(text ~ /\(/ && name ~ /^v?(mov|broadcast)/)
}

function is_jump(name) {
  if (machine == "aarch64") return name ~ /^(b|b\..*|br|cbn?z|tbn?z|ret)$/
  return name ~ /^(j.*|ret.*)$/
}

function print_counter(number) {
  if (machine == "aarch64")
    printf "\tstp\tx16, x17, [sp, #-16]!\n\tadrp\tx16, atm_counts+%d\n" \
      "\tldr\tx17, [x16, :lo12:atm_counts+%d]\n\tadd\tx17, x17, #1\n" \
      "\tstr\tx17, [x16, :lo12:atm_counts+%d]\n\tldp\tx16, x17, [sp], #16\n",
      8 * number, 8 * number, 8 * number
  else
    printf "\tleaq\t-128(%%rsp), %%rsp\n\tpushfq\n\tincq\tatm_counts+%d(%%rip)\n\tpopfq\n" \
      "\tleaq\t128(%%rsp), %%rsp\n", 8 * number
}

# Jumps on a bit reach 32 KB alone, which counters may take.
function print_counted(text, name, parts) {
  if (name !~ /^tbn?z$/) { print text; return }
  split(text, parts, /,[ \t]*/)
  sub(/tbn?z/, name == "tbz" ? "tbnz" : "tbz", parts[1])
  printf "%s, %s, .Latm_far%d\n\tb\t%s\n.Latm_far%d:\n", parts[1], parts[2], NR, parts[3], NR
}

function end_region() {
  if (body != "")
    printf "# LLVM-MCA-BEGIN %s:%s:%d\n%s# LLVM-MCA-END\n", region_function, region_count, vector, body
  body = ""
  vector = 0
}

function begin_block() {
  if (mode == "count") print_counter(next_block)
  here = count[next_block++]
  fresh = 0
  if (falls && here == region_count && here) return
  end_region()
  region_count = here
  region_function = function_name
}

/^\t\.type\t/ && /function/ { split($2, f, ","); declared = f[1] }
/^[^ \t#\/][^ \t]*:/ {
  label = $1
  sub(/:.*/, "", label)
  if (label == declared) { function_name = label; falls = 0 }
  if (label ~ /^\.Lfunc_end/) { end_region(); function_name = ""; falls = 0; region_count = "" }
  fresh = 1
}
function_name != "" && /^\t[a-z]/ {
  if (fresh) begin_block()
  if (mode == "regions" && here) {
    text = $0
    sub(machine == "aarch64" ? "[ \t]*//.*" : "[ \t]*#.*", "", text)
    body = body text "\n"
    vector += is_vector(text, $1)
  }
  if (mode == "count") print_counted($0, $1)
  if (is_jump($1)) { fresh = 1; falls = $1 !~ /^(b|br|jmp.*|ret.*)$/ } else falls = 1
  next
}
mode == "count" { print }

END {
  if (mode == "count") {
    print "\t.bss\n\t.p2align\t3\n\t.globl\tatm_counts\n\t.globl\tatm_counts_end\natm_counts:"
    printf "\t.zero\t%d\natm_counts_end:\n", 8 * next_block
  }
}
