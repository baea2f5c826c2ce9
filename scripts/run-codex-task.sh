#!/bin/sh
# Asks Looper for a fresh run in the repository this script stands in.
#
#   run-codex-task.sh "message"   announce the message, stop what runs, launch the default prompt
#   run-codex-task.sh             the same, with the text of run-codex-task.message.txt beside this script
#
# LOOPER_URL (default http://127.0.0.1:3456, with or without /run) and LOOPER_API_TOKEN say where to and with which token.
# Prints Looper's answer; exits 0 only where the run was started. Needs a POSIX shell,
# /dev/fd and curl, nothing else.

set -u
LC_ALL=C # bytes, not characters: UTF-8 passes through as it is
export LC_ALL
newline='
'

fail() {
  printf 'run-codex-task: %s\n' "$1" >&2
  exit "${2:-1}"
}

# Hands a text to a function in pieces of 500 bytes: at each cut a shell copies, or even searches, all of what it cuts.
in_pieces() {
  left=$2
  while [ "${#left}" -gt 500 ]; do
    piece=$(printf '%.500s.' "$left")
    piece=${piece%.}
    left=${left#"$piece"}
    "$1" "$piece"
  done
  "$1" "$left"
}

# Prints a text as the inside of a JSON string.
json() {
  rest=$1
  while :; do
    plain=${rest%%[\"\\[:cntrl:]]*}
    printf '%s' "$plain"
    [ "$plain" != "$rest" ] || return 0
    rest=${rest#"$plain"}
    case $rest in
    \"*) printf '\\"' ;;
    \\*) printf '\\\\' ;;
    "$newline"*) printf '\\n' ;;
    *) printf '\\u%04x' "'${rest%"${rest#?}"}" ;;
    esac
    rest=${rest#?}
  done
}

# Prints an answer for a terminal, which obeys what stands in it: without control characters but line ends, C1 (in UTF-8:
# C2 80 to C2 9F) included, and without those that change the direction of a line (D8 9C, E2 80 8E to AE, E2 81 A6 to A9).
c1=$(printf '[\200-\237]')
turn=$(printf '[\216-\217\250-\256]')
isolate=$(printf '[\246-\251]')
c2=$(printf '\302') d8=$(printf '\330') e2=$(printf '\342')
d8_9c=$(printf '\330\234') e2_80=$(printf '\342\200') e2_81=$(printf '\342\201')
shown() {
  rest=$1
  while :; do
    plain=${rest%%[$c2$d8$e2[:cntrl:]]*}
    printf '%s' "$plain"
    [ "$plain" != "$rest" ] || return 0
    rest=${rest#"$plain"}
    case $rest in
    "$newline"*) printf '\n' ;;
    "$c2"$c1*) printf '?' && rest=${rest#?} ;;
    "$d8_9c"*) printf '?' && rest=${rest#?} ;;
    "$e2_80"$turn* | "$e2_81"$isolate*) printf '?' && rest=${rest#??} ;;
    "$c2"*) printf '%s' "$c2" ;;
    "$d8"*) printf '%s' "$d8" ;;
    "$e2"*) printf '%s' "$e2" ;;
    *) printf '?' ;;
    esac
    rest=${rest#?}
  done
}

# Whether the host of an address is this machine, in any of the forms that curl and resolvers take: names, 127.1, 0x7f.1,
# 2130706433, 0177.0.0.1, 0, [::1]. This machine is never asked through a proxy, which would learn the token.
is_here() {
  host=${1#*://}
  host=${host%%[/?#\\]*}
  host=${host##*@}
  case $host in
  \[*)
    host=${host#\[}
    host=${host%%\]*}
    case $host in
    ::[fF][fF][fF][fF]:127.* | ::[fF][fF][fF][fF]:7[fF]??:*) return 0 ;;
    esac
    # :: and ::1, however long they are written.
    case ${host%1} in *[!0:]*) return 1 ;; esac
    return 0
    ;;
  esac
  host=${host%%:*}
  host=${host%.}
  case $host in
  [lL][oO][cC][aA][lL][hH][oO][sS][tT] | *.[lL][oO][cC][aA][lL][hH][oO][sS][tT]) return 0 ;;
  esac
  # A number at its end makes it an address (url.spec.whatwg.org, "ends in a number").
  case ${host##*.} in '' | [!0-9]*) return 1 ;; esac
  first=${host%%.*}
  case $first in
  0[xX]*) case ${first#??} in '' | *[!0-9a-fA-F]*) return 1 ;; esac ;;
  0*) case $first in *[!0-7]*) return 1 ;; esac ;;
  *) case $first in *[!0-9]*) return 1 ;; esac ;;
  esac
  number=$((first))
  [ "$first" != "$host" ] || number=$((number >> 24))
  [ "$number" -eq 127 ] || [ "$number" -eq 0 ]
}

case $0 in
*/*) here=$(cd "${0%/*}" && pwd -P) ;;
*) here=$(pwd -P) ;;
esac || fail "cannot find the directory of $0"

[ $# -le 1 ] || fail 'give one message, in quotes' 2
case ${1-} in
-h | --help)
  printf 'usage: %s ["message"]\n' "${0##*/}"
  printf 'Without a message, the text of %s is sent.\n' "$here/run-codex-task.message.txt"
  exit 0
  ;;
esac

file=$here/run-codex-task.message.txt
bom=$(printf '\357\273\277')
if [ $# -ne 1 ]; then
  [ -e "$file" ] || fail "no message given, and there is no $file" 2
  # A pipe would be waited for.
  { [ -f "$file" ] && [ -r "$file" ]; } || fail "cannot read $file: it is not a file, or not yours to read" 2
  line=''
  IFS= read -r line <"$file" 2>/dev/null || :
  case $line in
  "$(printf '\377\376')"* | "$(printf '\376\377')"*) fail "$file is UTF-16; save it as UTF-8" 2 ;;
  '' | "$bom") [ "$(wc -l <"$file")" -gt 1 ] || fail "$file is empty" 2 ;;
  esac
fi

# The repository: the nearest folder above this script that holds .git, else the folder above this one.
workspace=$here
while [ ! -e "$workspace/.git" ]; do
  workspace=${workspace%/*}
  if [ -z "$workspace" ]; then
    workspace=${here%/*}
    break
  fi
done

command -v curl >/dev/null || fail 'curl is needed; install it' 127

url=${LOOPER_URL:-http://127.0.0.1:3456}
url=${url%/}
url=${url%/run}/run

# The token goes in through stdin, so that no process list shows it.
config=''
if [ -n "${LOOPER_API_TOKEN-}" ]; then
  case $LOOPER_API_TOKEN in *[!\ -~]*) fail 'LOOPER_API_TOKEN must be printable ASCII' 2 ;; esac
  config="header = \"Authorization: Bearer $(in_pieces json "$LOOPER_API_TOKEN")\""
fi
is_here "$url" && config="$config
noproxy = \"*\""

# Prints the message of the file, without the end of its last line.
json_of_file() {
  between=''
  while IFS= read -r line || [ -n "$line" ]; do
    [ -n "$between" ] || line=${line#"$bom"}
    printf '%s' "$between"
    in_pieces json "$line"
    between='\n'
  done <"$file"
}
# What is sent goes in through another pipe: an argument holds 128 KiB at most.
body() {
  printf '{"zulip_message": "'
  if [ $# -eq 1 ]; then in_pieces json "$1"; else json_of_file; fi
  printf '", "workspace": "'
  in_pieces json "${workspace:-/}"
  printf '"}'
}
answer=$(
  body "$@" | {
    printf '%s\n' "$config" | curl --config - --silent --show-error --connect-timeout 10 \
      --header 'Content-Type: application/json' --data-binary @/dev/fd/3 --write-out '\n%{http_code}' \
      --globoff "$url"
  } 3<&0
)
status=$?
[ "$status" -eq 0 ] || fail "cannot reach Looper at $url (is it running? else set LOOPER_URL)" "$status"

if [ -t 1 ]; then
  in_pieces shown "${answer%"$newline"*}"
  printf '\n'
else
  printf '%s\n' "${answer%"$newline"*}"
fi
case ${answer##*"$newline"} in
2??) exit 0 ;;
*) exit 1 ;;
esac
