# Sums up the branches and decisions of files, which coverage.sh gives a line each between the keys of llvm-cov's JSON:
#   "branches" of a file, "expansions" of macros in it (each its "branches", and where it is: "source_region"),
#   "filename", "mcdc_records".
# What several programs hold, or a header gives to several sources, is one branch: taken where any of them took it.
#   root=FOLDER/   of the sources     list=FOLDER   list what was not taken
#   floors="FOLDER PERCENT ..."       fail where one is below its own
/^"/ { part = $1 }
/^"branches"/ { count = 0 }
/^"expansions"/ { keep("") }
/^"filename"/ { read_file(name_of($0)) }
!/^[0-9]/ { next }
part == "\"branches\":" { branch[++count] = $0 }
part == "\"source_region\":" { keep($0) }
part == "\"mcdc_records\":" && ours { read_decision($0) }

# Line, column, their ends, how often true, and false. Those of a macro count where it stands.
function keep(region, field, at, i) {
  split(region, at, ",")
  for (i = 1; i <= count; ++i) {
    split(branch[i], field, ",")
    ++kept
    line[kept] = region == "" ? field[1] : at[1]
    column[kept] = region == "" ? field[2] : at[2] " (" field[1] ":" field[2] ")"
    times[kept, "true"] = field[5]
    times[kept, "false"] = field[6]
  }
  count = 0
}

function name_of(text, piece) {
  split(text, piece, "\"")
  sub("^" root, "", piece[4])
  return piece[4]
}

# A file's branches stand before its name.
function read_file(name, i) {
  file = name
  ours = file ~ /^(backends|driver|frontend|ir|passes|runtime|support)\//
  if (ours) read_source()
  for (i = 1; ours && i <= kept; ++i) {
    add_side(i, "true")
    add_side(i, "false")
  }
  kept = 0
}

function add_side(i, side, key) {
  key = file ":" line[i] ":" column[i] " never " side ": " source[line[i]]
  folder[key] = guarded[line[i]] ? "CHECK" : substr(file, 1, index(file, "/") - 1)
  taken[key] += times[i, side]
}

# CHECK and PANIC guard the lines from theirs to a semicolon.
function read_source(text, number, open) {
  while ((getline text < (root file)) > 0) {
    source[++number] = text
    if (text ~ /(^|[^A-Z_])(CHECK|PANIC)\(/) open = 1
    guarded[number] = open
    if (text ~ /;[ }]*(\/\*.*)?$/) open = 0
  }
  close(root file)
}

# Line, column, their ends, two more, and for each condition whether it was seen to decide.
function read_decision(text, field, i) {
  gsub(/[][}]+/, "", text)
  for (i = split(text, field, ","); i > 6; --i) {
    if (field[i] ~ /true|false/) decides[file ":" field[1] ":" field[2] ":" i] += field[i] == "true"
  }
}

function percent(part, whole) { return whole ? 100 * part / whole : 100 }

END {
  for (key in taken) {
    ++all[folder[key]]
    hit[folder[key]] += taken[key] > 0
    if (folder[key] == list && !taken[key]) print key
  }
  if (list != "") exit
  for (key in decides) {
    ++conditions
    decided += decides[key] > 0
  }
  guards = all["CHECK"]
  delete all["CHECK"]
  print "coverage: branches taken by unit tests, passes, errors, cli and cheap ones of e2e"
  for (i = split(floors, part_of, " "); i > 1; i -= 2) floor[part_of[i - 1]] = part_of[i]
  for (name in all) {
    printf "  %-8s %5.1f %% of %4d\n", name, percent(hit[name], all[name]), all[name] | "sort"
    if (percent(hit[name], all[name]) < floor[name]) low = low " " name " (" floor[name] " %)"
    branches += all[name]
    found += hit[name]
  }
  close("sort")
  printf "  %-8s %5.1f %% of %4d\n", "all", percent(found, branches), branches
  printf "  (not counted: %d of CHECK and PANIC, which only bugs of atmc take)\n", guards
  printf "  MC/DC of the readers: %.1f %% of %d conditions decide by themselves in some test\n",
         percent(decided, conditions), conditions
  if (low == "") exit
  print "coverage: too low:" low
  exit 1
}
