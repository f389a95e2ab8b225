# table.awk: -v model=NAME COSTS... MACS BOUND...: a table of kernels. Its input is lines of these kinds:
#   macs KERNEL COUNT                        multiply-adds of a step of the kernel
#   bound CPU CYCLES                         the least that one multiply-add takes
#   block CPU FUNCTION:COUNT:VECTOR CYCLES   a region of blocks.awk, and what one turn takes
# LLVM's table lets a Cortex-A55 begin two operations of 128 bits at once. Its two units are 64 bits wide
# (Arm's Software Optimization Guide), so that a block takes a cycle at least for each of its vector
# operations, and a vector of multiply-adds takes one.
# With -v totals=1 only the last line of the table, as a line for each CPU.
function kernel_of(name) { return name ~ /^model_k[0-9]/ ? substr(name, 7) : "entry" }

function row(title, name, ideal, cpu, i) {
  ideal = macs[name] / lanes
  printf "%-44.44s %9.2f %7s", title, macs[name] / 1e6, ideal ? sprintf("%.3f", vector[name] / ideal) : "-"
  for (i = 1; i <= cpus; i++) {
    cpu = cpu_name[i]
    printf " %9.1f %6s", cycles[name, cpu] / 1e3,
      macs[name] ? sprintf("%.1f %%", 100 * macs[name] * bound[cpu] / cycles[name, cpu]) : "-"
  }
  print ""
}

$1 == "macs" { macs[$2] += $3; macs["total"] += $3 }
$1 == "bound" { bound[$2] = $2 == "cortex-a55" ? 1 / lanes : $3; cpu_name[++cpus] = $2 }
$1 == "block" {
  split($3, f, ":")
  name = kernel_of(f[1])
  if (!(name in number)) { number[name] = ++kernels; kernel[kernels] = name }
  turn = $2 == "cortex-a55" && $4 < f[3] ? f[3] : $4
  cycles[name, $2] += f[2] * turn
  cycles["total", $2] += f[2] * turn
  if ($2 == cpu_name[1]) { vector[name] += f[2] * f[3]; vector["total"] += f[2] * f[3] }
}

END {
  if (totals) {
    for (i = 1; i <= cpus; i++) {
      cpu = cpu_name[i]
      printf "%s %s %.0f %.2f %.3f\n", model, cpu, cycles["total", cpu],
        100 * macs["total"] * bound[cpu] / cycles["total", cpu], vector["total"] * lanes / macs["total"]
    }
    exit
  }
  printf "%-44s %9s %7s", model, "M", "vector"
  for (i = 1; i <= cpus; i++) printf " %16s", cpu_name[i]
  printf "\n%-44s %9s %7s", "kernel", "mul-adds", "ops"
  for (i = 1; i <= cpus; i++) printf " %9s %6s", "k cycles", "share"
  print ""
  for (k = 1; k <= kernels; k++) row(kernel[k], kernel[k])
  row("total", "total")
}
