import type { Logger } from 'pino'
import { openCalls } from '../../agents/open-calls.ts'
import { messageOf } from '../../base/errors.ts'
import { shellQuote } from '../../base/shell-quote.ts'
import { beginVerifyLog, verifyLogPathOf } from '../../logs/verify-log.ts'
import { checkIdOf, type Launched, type Place } from '../../places/place.ts'
import type { Identity } from '../../processes/table.ts'
import { ageMs } from '../age.ts'
import { insist } from '../insist.ts'
import { watchLimits } from '../limits.ts'
import { type StopTreeDeps, stopTree } from '../stop-tree.ts'
import { watch } from '../watch.ts'
import type { Check } from './check.ts'
import { type CheckEnd, unverified, verdictOf } from './verdict.ts'

/** Who a check is: the process that leads it, and its wrapper. */
export type CheckProcesses = Readonly<Record<'agent' | 'wrapper', Identity>>

/** What is checked. */
export interface Checked {
  readonly runId: string
  readonly requestId: string
  readonly workspace: string
  /** The log of the run; that of the check lies beside it. */
  readonly logPath: string
  readonly check: Check
  /** The check that an earlier life of the service began; null: none was. */
  readonly begun: CheckProcesses | null
  /** Is told who the check is as soon as that is known: from then on whoever stops the run stops it. */
  readonly led: (processes: CheckProcesses) => void
  /** Why the run is to be stopped, as far as somebody has said so; null: nobody has. */
  readonly stopped: () => string | null
}

/** What running a check needs. */
export interface CheckDeps extends StopTreeDeps {
  readonly place: Place
  readonly logger: Logger
  /** What the check gets as its environment. */
  readonly env: () => NodeJS.ProcessEnv
  /** What it runs. @throws {LooperError} where that, or the workspace, no longer is what was allowed */
  readonly argvOfCheck: (check: Check, workspace: string) => readonly string[]
  /** A check whose log passes it is ended; 0: none. */
  readonly maxLogBytes: number
}

/** Nobody listens at the pipe of an earlier life's wrapper. */
const UNHEARD = { status: Promise.resolve(null), complete: Promise.resolve(false) }

/**
 * Runs the check of a run whose agent has ended well, with the cookie of the run, and resolves with its verdict when nothing of
 * it is left. One that passes its time, or is stopped, says nothing. Never rejects.
 */
export async function runCheck(run: Checked, deps: CheckDeps): Promise<CheckEnd> {
  const { runId, check, begun, stopped } = run
  const { logger } = deps
  const before = stopped()
  if (before !== null && begun === null) return unverified(`the check was not run: ${before}`)
  let launched: CheckProcesses & Pick<Launched, 'status' | 'complete'>
  try {
    launched = begun ? { ...begun, ...UNHEARD } : await launch(run, deps)
  } catch (error) {
    const cause = messageOf(error)
    logger.error({ error: cause }, 'verify.fail')
    return unverified(`the check could not be started: ${cause}`)
  }
  const { agent, wrapper } = launched
  run.led({ agent, wrapper })
  const stop = () => insist(() => stopTree(runId, agent, deps), 'verify.stop.fail', deps)
  const logPath = verifyLogPathOf(run.logPath)
  const ranMs = begun && (await insist(() => ageMs(agent, deps.table), 'verify.limit.fail', deps))
  const over = new AbortController()
  const limited = watchLimits(
    { runId, agent, logPath, ranMs: ranMs ?? 0, calls: openCalls(false) },
    { timeoutMs: check.timeoutMs, stallMs: 0, toolStallMs: 0, maxLogBytes: deps.maxLogBytes },
    { ...deps, failed: (error) => logger.error({ error: messageOf(error) }, 'verify.limit.fail') },
    over.signal,
  ).then(async (passed) => {
    if (passed) await stop()
    return passed?.cause ?? null
  })
  // Whoever stopped the run while this was being launched did not see it.
  if (stopped() !== null) await stop()
  const place = { wordOf: () => deps.place.wordOf(checkIdOf(runId)) }
  const { returnCode, ...left } = await watch({ ...launched, runId, logPath }, { ...deps, place })
  // What was stopped has no say, however it ended.
  const why = stopped()
  over.abort()
  const passed = await limited
  const broken = why ?? passed
  const end =
    broken === null ? verdictOf(returnCode) : unverified(`the check was stopped: ${broken}`, returnCode)
  logger[end.verdict === 'verified' ? 'info' : 'warn']({ ...end, ...left }, 'verify.end')
  return end
}

async function launch({ runId, ...run }: Checked, deps: CheckDeps): Promise<Launched> {
  const { requestId, workspace, check } = run
  const argv = deps.argvOfCheck(check, workspace)
  const header = { requestId, workspace, command: shellQuote(argv) }
  const logPath = beginVerifyLog(run.logPath, header)
  const launched = await deps.place.launch({
    runId: checkIdOf(runId),
    workspace,
    command: { argv, stdin: null, env: {}, files: {} },
    logPath,
    env: deps.env(),
    assertAllowed: () => deps.argvOfCheck(check, workspace),
  })
  deps.logger.info({ pid: launched.agent.pid, command: header.command, log_path: logPath }, 'verify.start')
  return launched
}
