#!/bin/sh
# Asks Looper for a fresh run in the repository this script stands in.
#
#   run-codex-task.sh "message"   announce the message, stop what runs, launch the default prompt
#   run-codex-task.sh             the same, with the text of run-codex-task.message.txt beside this script
#
# LOOPER_URL (default http://127.0.0.1:3456, with or without /run) and LOOPER_API_TOKEN say where to and with which token.
# Prints Looper's answer; exits 0 only where the run was started. Needs a POSIX shell and curl, nothing else.

set -u
LC_ALL=C # bytes, not characters: UTF-8 passes through as it is
export LC_ALL
newline='
'

fail() {
  printf 'run-codex-task: %s\n' "$1" >&2
  exit "${2:-1}"
}

# Sets $escaped to the text as the inside of a JSON string.
escape_json() {
  rest=$1
  escaped=''
  while :; do
    plain=${rest%%[\"\\[:cntrl:]]*}
    escaped=$escaped$plain
    [ "$plain" != "$rest" ] || return 0
    rest=${rest#"$plain"}
    tail=${rest#?}
    char=${rest%"$tail"}
    rest=$tail
    case $char in
    \" | \\) escaped=$escaped\\$char ;;
    "$newline") escaped=$escaped'\n' ;;
    *) escaped=$escaped$(printf '\\u%04x' "'$char") ;;
    esac
  done
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

if [ $# -eq 1 ]; then
  message=$1
else
  file=$here/run-codex-task.message.txt
  [ -e "$file" ] || fail "no message given, and there is no $file" 2
  # A pipe would be waited for.
  { [ -f "$file" ] && [ -r "$file" ]; } || fail "cannot read $file: it is no file, or not yours to read" 2
  message=''
  while IFS= read -r line || [ -n "$line" ]; do message=$message$line$newline; done <"$file"
  message=${message%"$newline"}
  message=${message#"$(printf '\357\273\277')"} # a byte order mark
  case $message in
  '') fail "$file is empty" 2 ;;
  "$(printf '\377\376')"* | "$(printf '\376\377')"*) fail "$file is UTF-16; save it as UTF-8" 2 ;;
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

escape_json "$message"
body="{\"zulip_message\": \"$escaped\""
escape_json "${workspace:-/}"
body="$body, \"workspace\": \"$escaped\"}"

# The token goes in through stdin, so that no process list shows it.
config=''
if [ -n "${LOOPER_API_TOKEN-}" ]; then
  escape_json "$LOOPER_API_TOKEN"
  config="header = \"Authorization: Bearer $escaped\""
fi

url=${LOOPER_URL:-http://127.0.0.1:3456}
url=${url%/}
url=${url%/run}/run

answer=$(
  printf '%s\n' "$config" | curl --config - --silent --show-error --connect-timeout 10 \
    --header 'Content-Type: application/json' --data-binary "$body" --write-out '\n%{http_code}' \
    "$url"
)
status=$?
[ "$status" -eq 0 ] || fail "cannot reach Looper at $url (is it running? else set LOOPER_URL)" "$status"

printf '%s\n' "${answer%"$newline"*}"
case ${answer##*"$newline"} in
2??) exit 0 ;;
*) exit 1 ;;
esac
