import type { Logger } from 'pino'
import type { Agent } from '../agents/agent.ts'
import type { Usage } from '../agents/agent-events.ts'
import { openCalls } from '../agents/open-calls.ts'
import { NOTHING_SAID, type Said, ended as saidAtEnd, usedBy } from '../agents/said.ts'
import { messageOf } from '../base/errors.ts'
import { listen } from '../logs/listen.ts'
import type { Launched } from '../places/place.ts'
import type { BudgetOnRecord } from '../record/budget.ts'
import type { ChangesOnRecord } from '../record/changes.ts'
import type { Ledger } from '../record/ledger.ts'
import type { SilenceOnRecord } from '../record/silence.ts'
import type { WorktreeOnRecord } from '../record/worktree.ts'
import { type Budget, NO_BUDGET, withBudget } from './budget/budget.ts'
import type { Days } from './budget/days.ts'
import { keepBudget } from './budget/keep.ts'
import { type NoteDeps, noteChanges } from './changes/note.ts'
import { type ExplainDeps, explain } from './explain.ts'
import type { Holds } from './holds/holds.ts'
import { insist } from './insist.ts'
import { type Warning, watchLimits } from './limits.ts'
import { type Ending, endOf, type RunEnd } from './outcome.ts'
import { outputOf } from './output.ts'
import type { ResetDeps } from './reset.ts'
import type { LaunchRequest, Run } from './run.ts'
import type { StallLimits } from './stall.ts'
import { stopTree } from './stop-tree.ts'
import type { Check } from './verify/check.ts'
import { type CheckDeps, type CheckProcesses, runCheck } from './verify/run-check.ts'
import { isWell } from './verify/verdict.ts'
import { type WatchReport, watch } from './watch.ts'
import type { Worktrees } from './worktrees/worktrees.ts'

/** What following runs needs. */
export interface FollowDeps
  extends ResetDeps,
    Pick<ExplainDeps, 'placeToCut' | 'redact'>,
    Pick<CheckDeps, 'argvOfCheck'>,
    Pick<NoteDeps, 'changes'> {
  readonly worktrees: Pick<Worktrees, 'settle'>
  readonly logger: Logger
  readonly ledger: Ledger
  readonly days: Days
  readonly logDir: string
  /** Is told of each run that ended, before its end is on the record. */
  readonly quota?: Holds['ended']
  /** What an agent gets as its environment, as it is now. */
  readonly env: () => NodeJS.ProcessEnv
  /** A run whose log passes it is ended; 0: none. */
  readonly maxLogBytes: number
  /** How long a tool call excuses a run that gives no sign of life; 0: as long as it is open. */
  readonly toolStallMs: number
  /** How long a run may give no sign of life before that is told. */
  readonly warning: StallLimits
  /** Follows a run log from an offset until it is complete; null where output is not mirrored. */
  readonly mirror: Mirror | null
  /** Notes when a run's log grew, until it is complete; null or absent where times are not noted. */
  readonly noteTimes?: ((logPath: string, complete: AbortSignal) => Promise<void>) | null
}

/** Hands on a log's lines from an offset, telling how far it came. */
export type Mirror = (
  file: string,
  from: number,
  mirrored: (offset: number) => void,
  complete: AbortSignal,
) => Promise<unknown>

/** What of a run lies behind it when it begins to be followed. */
export interface Past
  extends ChangesOnRecord,
    WorktreeOnRecord,
    SilenceOnRecord,
    Pick<BudgetOnRecord, 'nearAt'> {
  readonly headerBytes: number
  readonly launchedAt: number
  readonly mirroredBytes: number
  readonly ranMs: number
  /** What its session had used before it. */
  readonly before: Usage | null
  /** Where only its check is left: how its agent ended, and the check, if it had begun. Else null. */
  readonly toCheck: { readonly returnCode: number; readonly begun: CheckProcesses | null } | null
}

/** What a run is to be, as far as it is known from the beginning. */
export type RunFacts = Omit<Run, 'expectEnd' | 'expectNoEnd' | 'ended'> & Pick<LaunchRequest, 'caller'>

/** When a run is to be ended, and what checks its work then. */
export interface RunLimits {
  readonly timeoutMs: number
  readonly stallMs: number
  readonly check?: Check | null
  readonly budget?: Budget | null
}

const NO_LIMITS = { timeoutMs: 0, stallMs: 0, toolStallMs: 0, maxLogBytes: 0 }

/** What an agent has said in all; of one that was stopped its end tells nothing. */
export const finallySaid = (so: Said, { outcome, returnCode }: RunEnd): Said =>
  outcome === 'exited' || outcome === 'signaled' ? saidAtEnd(so, returnCode) : so

/** A run to follow. */
export interface Followed {
  readonly facts: RunFacts
  readonly kind: Agent
  readonly past: Past
  readonly limits: RunLimits
  /** What its wrapper will say. */
  readonly word: Pick<Launched, 'status' | 'complete'>
}

/**
 * Everything that happens to a run from now to its end on the record.
 * @param gone called when the end is on the record, and before anybody else learns of it
 */
export function followRun(
  { facts, kind, past, limits, word }: Followed,
  deps: FollowDeps,
  gone: () => void,
): Run {
  const { runId, agent, wrapper, logPath } = facts
  const { clock, ledger } = deps
  const { toCheck, silentSince } = past
  const budget = limits.budget ?? NO_BUDGET
  /** What leads its tree now. */
  let leading: CheckProcesses = toCheck?.begun ?? { agent, wrapper }
  const log = deps.logger.child({ request_id: facts.requestId, run_id: runId, caller: facts.caller })
  const told = { ...deps, logger: log }
  const over = new AbortController()
  let ending: Ending | null = null
  /** Why its check was to be stopped; never taken back, as what was signalled has no say any more. */
  let halted: Ending | null = null

  const mirrored = deps
    .mirror?.(
      logPath,
      past.mirroredBytes,
      (bytes) => ledger.step(runId, { mirroredBytes: bytes }),
      over.signal,
    )
    .catch((error: unknown) => log.error({ error: messageOf(error) }, 'run.mirror.fail'))

  const timed = deps
    .noteTimes?.(logPath, over.signal)
    .catch((error: unknown) => log.error({ error: messageOf(error) }, 'run.times.fail'))

  const calls = openCalls(kind.tellsCallsLate ?? false)
  const near = () => {
    ledger.step(runId, { nearAt: clock.now() })
    log.warn({ ...budget }, 'run.budget.near')
  }
  const counted = { runId, kind, budget, since: past.launchedAt, nearAt: past.nearAt }
  const keeper = keepBudget(counted, { ...deps, near }, over.signal)
  const heard = listen({
    logPath,
    from: past.headerBytes,
    reader: kind.read(),
    before: past.before,
    clock,
    heard: calls.take,
    told(so) {
      keeper.spend(so)
      ledger.step(runId, { said: so })
    },
    complete: over.signal,
    count: keeper.count,
  }).catch((error: unknown) => {
    log.error({ error: messageOf(error) }, 'run.listen.fail')
    return NOTHING_SAID
  })

  const stopFor = async (passed: Ending | null) => {
    if (!passed) return
    run.expectEnd(passed)
    log.warn({ ...passed }, 'run.limit')
    const { survivors } = await insist(() => stopTree(runId, agent, deps), 'run.limit.fail', told)
    if (survivors.length > 0) log.error({ survivors }, 'run.stop.survivors')
  }
  const silent: Warning['silent'] = (since, { silentMs, isInCall }) => {
    ledger.step(runId, { silentSince: since })
    if (since === null) log.info('run.silent.end')
    else log.warn({ silent_seconds: Math.round(silentMs / 1000), in_call: isInCall }, 'run.silent')
  }
  const spent = keeper.passed.then(toCheck ? () => undefined : stopFor)
  const limited = watchLimits(
    { ...facts, ranMs: past.ranMs, calls },
    toCheck ? NO_LIMITS : { ...deps, ...limits, warning: { ...deps.warning, silentSince, silent } },
    { ...deps, failed: (error) => log.error({ error: messageOf(error) }, 'run.limit.fail') },
    over.signal,
  ).then(stopFor)

  async function end(report: WatchReport) {
    over.abort()
    await Promise.all([mirrored, timed, limited, spent])
    const lost = 'its wrapper was killed, so nobody knows its status'
    // Whoever wants its end from here on comes too late: it has ended.
    const how = endOf(ending, report.returnCode, lost)
    const so = await heard
    const known = withBudget(how, keeper.atEnd(so))
    const endedAt = clock.now()
    const { trouble, explained, ...output } = await insist(
      async () => ({
        ...outputOf(logPath, past.headerBytes, kind),
        explained: explain(known, logPath, endedAt, kind, deps),
      }),
      'run.log.fail',
      told,
    )
    if (trouble !== null) log.error({ log_path: logPath, error: trouble }, 'run.log.gone')
    const end = { ...explained, cause: explained.cause ?? trouble }
    const facts = { ...end, leftovers: report.leftovers, survivors: report.survivors }
    if (end.returnCode === 0) log.info(facts, 'cmd.done')
    else log.warn(facts, 'cmd.fail')
    // What checks it may change something, too.
    if (!toCheck?.begun) await noteChanges({ ...run, ...past }, deps)
    const check = await checked(end)
    if (past.worktree) ledger.step(runId, { worktree: await deps.worktrees.settle(past.worktree) })
    // Until then it is all that another life of the service would know of the end.
    const written = () => deps.place.forget(runId, log)
    const whole = finallySaid(so, end)
    ledger.step(runId, { said: whole })
    deps.quota?.({ runId, kind, end, so: whole, endedAt, logPath })
    const tokensUsed = usedBy(so)?.total ?? output.tokensUsed
    keeper.spend(so)
    deps.days.take(runId, { tokens: tokensUsed, costUsd: null })
    const finish = { ...end, endedAt: check ? clock.now() : endedAt, ...output, tokensUsed }
    ledger.finish(runId, { ...finish, ...(check && { check }) }, written)
    gone()
    return end
  }

  /** What the check of its work says, where one was asked for and there is something to be checked. */
  async function checked(end: RunEnd) {
    if (!limits.check || !isWell(end)) return null
    halted = ending
    const led = (processes: CheckProcesses) => {
      leading = processes
    }
    const stopped = () => halted?.cause ?? null
    const begun = toCheck?.begun ?? null
    const { workspace } = past.worktree ?? facts
    return runCheck({ ...facts, workspace, check: limits.check, begun, led, stopped }, told)
  }

  const report = toCheck && { returnCode: toCheck.returnCode, leftovers: [], survivors: [] }
  const watched = report ? Promise.resolve(report) : watch({ runId, agent, wrapper, logPath, ...word }, told)
  const ended = watched.then(end)

  const run: Run = {
    ...facts,
    get agent() {
      return leading.agent
    },
    get wrapper() {
      return leading.wrapper
    },
    ended,
    expectEnd(why) {
      ending ??= why
      halted ??= why
    },
    expectNoEnd(why) {
      if (ending === why) ending = null
    },
  }
  return run
}
