#!/bin/sh
# Runs one agent and outlives the service that started it.
#
# usage: wrapper.sh STATE LOG RUN_ID COMMAND [ARGUMENT...]
#   stdin   what the agent reads
#   stdout  LOG, opened for appending: the agent writes to it directly, so no byte depends on the service
#   fd 3    a pipe to the service: "agent PID TICKS BOOT_ID" at once, "end STATUS" when all is written
#   STATE   a file that gets the same PID TICKS BOOT_ID, for a service that was not there to listen
#
# The status is the exit status, or -N for signal N. A shell cannot tell exit 143 from SIGTERM; 129 to 159 count
# as signals.

state=$1 log=$2 run=$3
shift 3

# Handled, not ignored: an ignored signal would stay ignored in the agent.
trap : HUP INT QUIT TERM USR1 USR2 PIPE
exec 2>/dev/null # the shell's own notes ("Killed") do not belong into the log

twentieth() {
  shift 19
  ticks=$1
}

(
  pid='' ticks='' boot=''
  if read -r stat </proc/self/stat; then
    pid=${stat%% *}
    twentieth ${stat##*) } # field 22 of proc(5), counted after the name
    read -r boot </proc/sys/kernel/random/boot_id
  else
    /bin/sh -c 'echo "$PPID"' >"$state"
    read -r pid <"$state"
  fi
  echo "$pid $ticks $boot" >"$state"
  echo "agent $pid $ticks $boot" >&3
  exec 3>&-
  LOOPER_RUN_ID=$run
  export LOOPER_RUN_ID
  # Its own session: a signal to the agent's group never reaches this wrapper.
  if command -v setsid >/dev/null; then
    exec setsid "$@" 2>&1
  else
    exec "$@" 2>&1
  fi
)
status=$?
if [ "$status" -gt 128 ] && [ "$status" -lt 160 ]; then status=-$((status - 128)); fi

# The trailer stands on its own line, whatever the agent left unterminated.
newline='
'
case $(tail -c 1 "$log"; echo .) in
"$newline." | .) break='' ;;
*) break=$newline ;;
esac
printf '%s\n# codex_exec_return_code=%s\n' "$break" "$status"
echo "end $status" >&3
