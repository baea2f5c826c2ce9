import path from 'node:path'
import type { Chance } from './chance.ts'

/** What agents share with the soak. */
export interface Witness {
  /** Held, with `flock`, by every process of a run's tree for as long as it lives. */
  readonly lockFile: string
  /** Gets the id of each run whose agent found the lock held by another tree. */
  readonly doublesFile: string
}

/** The first line that every agent prints. */
export const BEGUN = 'the agent has begun'
/** Printed by an agent that is about to end by itself, its exit code after it. */
export const ENDING = 'the agent ends with '

const end = (code: number) => `echo "${ENDING}${code}"; exit ${code}`

/** A body for `POST /run`. */
export interface Body {
  readonly body: object
  /** Whether it can work. */
  readonly isGood: boolean
}

/** Deals a body, most often a good one. */
export function dealBody(dice: Chance, message: string, place: Witness & { workspace: string }): Body {
  const { workspace } = place
  const good = { zulip_message: message, codex_prompt: dealPrompt(dice, place), workspace }
  return dice.oneOf<Body>([
    [90, { body: good, isGood: true }],
    [3, { body: { ...good, codex_prompt: '' }, isGood: true }],
    [1, { body: { ...good, workspace: path.join(workspace, 'nowhere') }, isGood: false }],
    [1, { body: { ...good, codex_exec_binary: 'no-such-program' }, isGood: false }],
    [1, { body: { ...good, codex_exec_delay_seconds: -1 }, isGood: false }],
  ])
}

/** Shell code for the fake agent. */
function dealPrompt(dice: Chance, { lockFile, doublesFile }: Witness): string {
  // The kernel knows best who is alive: the lock is free as soon as, and not before, the last holder is gone. 1 is what flock
  // says of one that is held; one that was killed itself, as any process of a tree may be, says nothing.
  const look = `flock -n 9; [ $? -ne 1 ] || echo "$LOOPER_RUN_ID" >>'${doublesFile}'`
  const witness = `exec 9>>'${lockFile}'; if command -v flock >/dev/null; then ${look}; fi; echo "${BEGUN}"; `
  return witness + dealJob(dice)
}

function dealJob(dice: Chance): string {
  // From 129 to 159 the wrapper takes a status for a signal's.
  const code = dice.oneOf([
    [4, 0],
    [4, dice.whole(1, 128)],
    [1, dice.whole(160, 255)],
  ])
  const pause = dice.between(0, 0.15).toFixed(3)
  const thenEnd = `sleep ${pause}; ${end(code)}`
  return dice.oneOf([
    [14, end(code)],
    [14, thenEnd],
    [4, `echo "${ENDING}${code}"; printf 'a line without an end'; sleep ${pause}; exit ${code}`],
    [4, `i=0; while [ $i -lt 500 ]; do echo "line $i of a talkative agent"; i=$((i+1)); done; ${end(code)}`],
    [2, `: ${'x'.repeat(dice.whole(131_072, 150_000))}; ${thenEnd}`],
    [12, 'sleep 300'],
    [5, 'exec sleep 300'],
    [8, "sleep 300 & sh -c 'sleep 300 & wait' & wait"],
    [3, `trap '' INT TERM; sleep 300 & while :; do sleep 1; done`],
    [2, `trap 'exit 3' INT TERM; while :; do sleep 0.05; done`],
    [2, 'kill -STOP $$; sleep 300'],
    [6, `setsid sleep 300 & ${thenEnd}`],
    [4, 'setsid sleep 300 & sleep 300'],
    [4, `(setsid sleep 300 &); ${thenEnd}`],
    [3, `(setsid sh -c "trap '' INT TERM; sleep 300" &); ${thenEnd}`],
    [4, `(setsid sh -c 'while sleep 0.02; do printf "%04096d\\n" 0; done' &); ${thenEnd}`],
  ])
}
