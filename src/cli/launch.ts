import type { RunAnswer } from '../runs/answers.ts'
import type { Options } from './args.ts'
import { mayStop } from './confirm.ts'
import type { Context } from './context.ts'
import { EXIT, Failure, wrongUse } from './failure.ts'
import { findRun } from './find-run.ts'
import { labelOf, shortId, type Told } from './human.ts'
import { tellPlan } from './plan.ts'
import { spinning } from './spinner.ts'
import { stay } from './stay.ts'
import { isWaiting, tellWaiting, untilBegun, type WaitingAnswer } from './turn.ts'

type Answer = (RunAnswer & Told) | WaitingAnswer

/** @throws {Failure} for options that cannot be meant together */
export function checkStaying({ plan, wait, follow }: Options): void {
  if (plan && (wait || follow))
    throw wrongUse('--plan launches nothing, so --wait and --follow cannot be used with it')
}

/**
 * Asks the service for a run, or with `--plan` what it would do; before that whoever sits in front of a terminal is asked
 * whether what runs may be stopped. With `--wait` or `--follow` it stays until the run's end, and resolves with its status.
 * @param stdinIsRead whether nobody can answer on stdin any more
 */
export async function launchRun(context: Context, wanted: object, stdinIsRead: boolean): Promise<number> {
  const { world, screen, client, options } = context
  if (options.plan) return tellPlan(context, wanted)
  if (!(await mayStop(context, wanted, stdinIsRead))) {
    screen.tell('looper: nothing was announced, stopped or launched')
    return EXIT.failed
  }
  const stays = options.wait === true || options.follow === true
  // Whoever stays sees for himself how it begins.
  const body = { ...wanted, ...(stays ? { codex_exec_startup_check_seconds: 0 } : {}) }
  let answer: Answer
  try {
    answer = await spinning(context, 'announcing, stopping, launching', () =>
      client.post<Answer>('/run', body, ['run_id', 'request_id']),
    )
  } catch (error) {
    if (world.interrupted.aborted) {
      screen.tell('looper: interrupted, but the request may still be carried out; "looper status" shows it')
    }
    if (!stays || !(error instanceof Failure) || !isEarlyExit(error.answer)) throw error
    return stay(context, error.answer, await findRun(client, error.answer.request_id))
  }
  if (isWaiting(answer)) {
    if (!options.json) tellWaiting(context, answer)
    if (stays) await untilBegun(context, answer.run_id)
  }
  if (stays && answer.run_id !== null) return stay(context, answer, answer.run_id)
  if (options.json) await screen.json(answer)
  else if (!isWaiting(answer)) tellStart(context, answer)
  return EXIT.ok
}

/** A run may end before it is asked for; whoever stays wants to see that, too. */
function isEarlyExit(answer: object): answer is { request_id: string } {
  return 'code' in answer && answer.code === 'LOOPER_AGENT_EXITED_EARLY' && 'request_id' in answer
}

/** The message of what was done, for people. */
function tellStart({ screen }: Context, answer: RunAnswer & Told): void {
  const { run_id, codex_exec_result: launched, killed_codex_exec_pids: stopped } = answer
  const { remaining_codex_exec_pids: remaining } = answer
  screen.say(`Announced  ${answer.zulip_output}`)
  if (stopped.length > 0) screen.say(`Stopped    ${stopped.join(', ')}`)
  if (remaining.length > 0) screen.tell(`looper: still alive: ${remaining.join(', ')}`)
  if (run_id === null || launched === null) {
    screen.say('Launched   nothing, because the prompt is empty')
    return
  }
  const label = screen.paint('bold', labelOf({ ...answer, run_id }))
  screen.say(`Launched   ${label}, pid ${launched.pid}, in ${answer.workspace}`)
  screen.say(`Log        ${launched.log_path}`)
  screen.say(screen.paint('dim', `Follow it with: looper logs -f ${shortId(run_id)}`))
}
