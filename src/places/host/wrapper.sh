#!/bin/sh
# Runs one agent and outlives the service that started it.
#
# usage: wrapper.sh STATE_DIR
#   fd 3    a socket to the service. The wrapper waits there for a line with a run's id, and ends without a word where
#           none comes: the service may start it before there is a run.
#   orders  STATE_DIR/ID.orders, which sets looper_workspace, looper_log, looper_mark, looper_input, what the command changes
#           of the environment, and the command as the arguments. The agent reads the input, and writes directly to the log, opened for appending, so no byte
#           depends on the service.
#   state   STATE_DIR/ID, a file for a service that was not there to listen, and fd 3 both get
#             wrapper PID TICKS BOOT_ID
#             agent PID TICKS BOOT_ID
#             status STATUS     when the agent has ended
#             end STATUS        when the log is complete; fd 3 also where it cannot be at present
#           The service made the file with room for all of it, so that a full disk takes no word.
#
# Files are opened once, before the agent begins: whatever it puts in their place afterwards is never touched.
#
# Variables that are set before the agent begins have long names: a short one may be the agent's own.
#
# The status is the exit status, or -N for signal N. A shell cannot tell exit 143 from SIGTERM; 129 to 159 count
# as signals.

IFS= read -r looper_run <&3 || exit 0
looper_state=$1/$looper_run
. "$looper_state.orders"
cd "$looper_workspace" || exit 1
exec <"$looper_input" >>"$looper_log" 4<>"$looper_state" 5<"$looper_log"

# Handled, not ignored: an ignored signal would stay ignored in the agent.
trap : HUP INT QUIT TERM USR1 USR2 PIPE XFSZ

twentieth() {
  shift 19
  looper_ticks=$1
}

# Tells who this very process is: field 1 and 22 of proc(5), the latter counted after the name.
tell() {
  looper_pid='' looper_ticks='' looper_boot=''
  if read -r looper_stat </proc/self/stat; then
    looper_pid=${looper_stat%% *}
    twentieth ${looper_stat##*) }
    read -r looper_boot </proc/sys/kernel/random/boot_id
  else
    /bin/sh -c 'echo "$PPID"' >"$looper_state.pid"
    read -r looper_pid <"$looper_state.pid"
    rm -f "$looper_state.pid"
  fi
  echo "$1 $looper_pid $looper_ticks $looper_boot" >&4
  echo "$1 $looper_pid $looper_ticks $looper_boot" >&3
}

tell wrapper
(
  # A subshell begins without the handlers, and the service may be gone by now. The agent begins without them again.
  trap : PIPE
  tell agent
  exec 3>&- 4>&- 5<&-
  # What checks a run carries the cookie of the run.
  LOOPER_RUN_ID=${looper_run%%.*}
  export LOOPER_RUN_ID PWD
  unset OLDPWD
  # Its own session: a signal to the agent's group never reaches this wrapper.
  if command -v setsid >/dev/null; then set -- setsid "$@"; fi
  if [ "$looper_mark" ] && command -v prlimit >/dev/null; then set -- prlimit --rttime="$looper_mark:" "$@"; fi
  exec "$@" 2>&1
)
status=$?
if [ "$status" -gt 128 ] && [ "$status" -lt 160 ]; then status=-$((status - 128)); fi

# First of all, and by builtins alone: the agent may have left no room to fork, or none in the log.
echo "status $status" >&4
echo "status $status" >&3

# The trailer stands on its own line, whatever the agent left unterminated. Asked again, `tail` tells only what is new.
newline='
'
break=''
trailer() {
  case $(tail -c 1 <&5; echo .) in
  "$newline.") break='' ;;
  . | '') ;;
  *) break=$newline ;;
  esac
  printf '%s\n# codex_exec_return_code=%s\n' "$break" "$status"
}
tries=0
# Over its limit (ulimit -f) the log never has room again.
trap 'tries=8640' XFSZ
if trailer; then
  # First the file: the service removes it when it has heard.
  echo "end $status" >&4
  echo "end $status" >&3
else
  # A full disk: nobody need wait for the log, which is completed as soon as there is room, for a day at most.
  echo "end $status" >&3
  exec 3>&-
  until [ "$tries" -ge 8640 ] || trailer; do
    sleep 10
    tries=$((tries + 1))
  done
  [ "$tries" -ge 8640 ] || echo "end $status" >&4
fi
