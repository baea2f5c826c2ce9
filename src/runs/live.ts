import { agentOnRecord } from '../agents/agents.ts'
import { shellQuote } from '../base/shell-quote.ts'
import { createRunLog } from '../logs/run-log.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Worktree } from '../record/worktree.ts'
import { askedOf } from './asked-of.ts'
import { NO_BUDGET } from './budget/budget.ts'
import type { Before } from './changes/changed.ts'
import { type FollowDeps, type Followed, followRun, type Past } from './follow.ts'
import { runsOf, type SlotRuns } from './reset.ts'
import type { LaunchRequest, Run } from './run.ts'
import type { RunTokens } from './run-tokens.ts'
import { mayUseTools, taskOf } from './task.ts'
import { settleTrailer } from './watch.ts'
import type { Worktrees } from './worktrees/worktrees.ts'

/** What launching and following runs needs. */
export interface LiveDeps extends FollowDeps {
  /** Throws where the workspace or the program no longer is what was allowed. */
  readonly recheck: (request: LaunchRequest) => void
  readonly worktrees: Worktrees
  readonly tokens?: RunTokens
  /** A run has ended, and lives no more. */
  readonly ended?: () => void
}

/** What is known of a run that an earlier life of the service launched. */
export interface Adopted
  extends Pick<Run, 'logPath' | 'command' | 'agent' | 'wrapper'>,
    Pick<Past, 'toCheck'> {
  /** How long it has run; null where nobody can tell but the record. */
  readonly ranMs: number | null
}

/** The runs that have begun and not ended, each followed to its end on the record. */
export interface LiveRuns {
  /**
   * Launches a run that is already on the record as an intent. @throws {LooperError}
   * @param looked how its workspace is before it, where somebody looks already
   */
  launch(runId: string, request: LaunchRequest, looked?: Promise<Before | null>): Promise<Run>
  /** Follows a run that an earlier life of the service launched. */
  adopt(record: RunRecord, adopted: Adopted): Run
  all(): readonly Run[]
  /** Those of one slot, those of others, and what is being launched. */
  seenFrom(slot: string): SlotRuns
}

/** Nobody listens at the pipe of an earlier life's wrapper: its last word stands in the state file. */
const UNHEARD = { status: Promise.resolve(null), complete: Promise.resolve(false) }

/** No runs yet. */
export function createLiveRuns(deps: LiveDeps): LiveRuns {
  const { clock, ledger } = deps
  const live = new Map<string, Run>()
  const launching = new Set<string>()

  function follow(run: Followed): Run {
    const { runId } = run.facts
    const followed = followRun(run, deps, () => {
      live.delete(runId)
      deps.tokens?.forget(runId)
      deps.ended?.()
    })
    live.set(runId, followed)
    return followed
  }

  async function launch(
    runId: string,
    request: LaunchRequest,
    looked?: Promise<Before | null>,
  ): Promise<Run> {
    const { isolation, workspace } = request
    if (!isolation) return launchIn(workspace, null, runId, request, looked)
    const worktree = await deps.worktrees.open(runId, workspace, isolation.earlier)
    try {
      return await launchIn(worktree.workspace, worktree, runId, request)
    } catch (error) {
      await deps.worktrees.settle(worktree)
      throw error
    }
  }

  /** @param workspace where its agent works, be it a work tree of its own */
  async function launchIn(
    workspace: string,
    worktree: Worktree | null,
    runId: string,
    request: LaunchRequest,
    looked = deps.changes?.before(runId, workspace),
  ): Promise<Run> {
    const { requestId, caller, name } = request
    const budget = deps.days.within(request.budget ?? NO_BUDGET)
    const made = mayUseTools(request) ? deps.tokens?.make(runId) : null
    const task = taskOf({ ...request, workspace, budget }, { runId, dir: deps.place.dirOf(runId) })
    const command = request.agent.command({ ...task, tools: made?.access ?? null })
    const line = shellQuote(command.argv)
    const header = { requestId, workspace, command: line }
    const { headerBytes, path: logPath } = await createRunLog(deps.logDir, header, new Date(clock.now()))
    const workTree = (await looked) ?? null
    ledger.step(runId, {
      ...{ command: line, logPath, headerBytes, mirroredBytes: headerBytes },
      ...(workTree && { workTree }),
      ...(worktree && { worktree }),
      ...(made && { tokenSha256: made.sha256 }),
    })
    const env = deps.env()
    const before = request.session === null ? null : ledger.usageOf(request.session)
    const spec = { runId, workspace, command, logPath, env, assertAllowed: () => deps.recheck(request) }
    const { agent, wrapper, ...word } = await deps.place.launch(spec).catch((error: unknown) => {
      // Its wrapper is gone, or never was: nobody else writes the trailer.
      deps.tokens?.forget(runId)
      settleTrailer(logPath, null, deps.logger)
      throw error
    })
    const launchedAt = clock.now()
    ledger.step(runId, { launchedAt, agentIdentity: agent, wrapperIdentity: wrapper })
    deps.logger.info(
      {
        request_id: requestId,
        run_id: runId,
        caller,
        name,
        pid: agent.pid,
        command: line,
        log_path: logPath,
      },
      'cmd.start',
    )
    // The fork stands in nobody's way then: the agent is on its way, and who waits for nothing more is answered first.
    setImmediate(() => deps.place.prepare(env))
    return follow({
      facts: { ...askedOf(request), runId, command: line, logPath, agent, wrapper, isolation: worktree },
      kind: request.agent,
      past: {
        headerBytes,
        launchedAt,
        mirroredBytes: headerBytes,
        ranMs: 0,
        before,
        toCheck: null,
        workTree,
        changes: null,
        silentSince: null,
        nearAt: null,
        worktree,
      },
      limits: request,
      word,
    })
  }

  return {
    async launch(runId, request, looked) {
      launching.add(runId)
      return launch(runId, request, looked).finally(() => launching.delete(runId))
    },

    adopt(record, { logPath, command, agent, wrapper, ranMs, toCheck }) {
      const { runId, requestId, caller, name } = record
      const launchedAt = record.launchedAt ?? clock.now() - Number(ranMs)
      if (record.launchedAt === null) {
        ledger.step(runId, { launchedAt, agentIdentity: agent, wrapperIdentity: wrapper })
      }
      deps.logger.info(
        { request_id: requestId, run_id: runId, caller, name, pid: agent.pid, log_path: logPath },
        'run.adopt',
      )
      if (record.tokenSha256 !== null) deps.tokens?.know(runId, record.tokenSha256)
      const { sessionId } = record
      const before = sessionId === null ? null : ledger.usageOf(sessionId, runId)
      const ran = ranMs ?? Math.max(0, clock.now() - launchedAt)
      return follow({
        facts: { ...askedOf(record), runId, command, logPath, agent, wrapper, isolation: record.worktree },
        kind: agentOnRecord(deps.agents, record.agent),
        past: { ...record, launchedAt, before, ranMs: ran, toCheck },
        limits: record,
        word: UNHEARD,
      })
    },

    all: () => [...live.values()],

    seenFrom: (slot) => runsOf(slot, [...live.values()], [...launching]),
  }
}
