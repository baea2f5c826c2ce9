# Takes tap's output, and prints each assertion that failed: in which file and subtests, and what tap tells of it but for the
# source around it. What failed only because of what is in it has a time, and is left out; but for a file with nothing else.

function indentOf(line) {
  match(line, /^ */)
  return RLENGTH
}

# What a test prints itself, and braces, look like none of this.
/^ *# Subtest: / {
  depth = indentOf($0) / 4
  if (depth == 0) found = 0
  names[depth] = substr($0, indentOf($0) + 12)
  next
}

/^ *not ok [0-9]+/ {
  indent = indentOf($0)
  isTold = 0
  if (/ # time=/ && (indent > 0 || found > 0)) next
  isTold = 1
  found++
  printf "\n"
  for (i = 0; i < indent / 4; i++) printf "%s%s", (i > 0 ? " > " : ""), names[i]
  if (indent > 0) printf "\n"
  print substr($0, indent + 1)
  next
}

isTold && /^ *---$/ && indentOf($0) == indent + 2 {
  isDiagnosis = 1
  lines = 0
  next
}

isDiagnosis && /^ *\.\.\.$/ && indentOf($0) == indent + 2 {
  isDiagnosis = isTold = isSource = 0
  next
}

isDiagnosis {
  if (indentOf($0) == indent + 2) isSource = / source: /
  if (!isSource && ++lines <= 40) print substr($0, indent + 1)
}
