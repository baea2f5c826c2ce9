import type { Logger } from 'pino'
import type { Agent } from '../agents/agent.ts'
import type { Usage } from '../agents/agent-events.ts'
import { agentOnRecord } from '../agents/agents.ts'
import { NOTHING_SAID, type Said, ended as saidAtEnd } from '../agents/said.ts'
import { messageOf } from '../base/errors.ts'
import { isShortage, plainSize } from '../base/plain-file.ts'
import { shellQuote } from '../base/shell-quote.ts'
import { listen } from '../logs/listen.ts'
import { createRunLog, readTail } from '../logs/run-log.ts'
import type { Launched } from '../places/place.ts'
import type { Ledger, RunRecord } from '../record/ledger.ts'
import { type ExplainDeps, explain } from './explain.ts'
import { insist } from './insist.ts'
import { watchLimits } from './limits.ts'
import { type Ending, endOf, type RunEnd } from './outcome.ts'
import type { ResetDeps } from './reset.ts'
import type { LaunchRequest, Run } from './run.ts'
import { stopTree } from './stop-tree.ts'
import { taskOf } from './task.ts'
import { settleTrailer, type WatchReport, watch } from './watch.ts'

/** What launching and following runs needs. */
export interface LiveDeps extends ResetDeps, Pick<ExplainDeps, 'placeToCut' | 'redact'> {
  readonly logger: Logger
  readonly ledger: Ledger
  readonly logDir: string
  /** What an agent gets as its environment, as it is now. */
  readonly env: () => NodeJS.ProcessEnv
  /** Throws where the workspace or the program no longer is what was allowed. */
  readonly recheck: (request: LaunchRequest) => void
  /** A run whose log passes it is ended; 0: none. */
  readonly maxLogBytes: number
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

/** What is known of a run that an earlier life of the service launched. */
export interface Adopted extends Pick<Run, 'logPath' | 'command' | 'agent' | 'wrapper'> {
  /** How long it has run; null where nobody can tell but the record. */
  readonly ranMs: number | null
}

/** The runs that have begun and not ended, each followed to its end on the record. */
export interface LiveRuns {
  /** Launches a run that is already on the record as an intent. @throws {LooperError} */
  launch(runId: string, request: LaunchRequest): Promise<Run>
  /** Follows a run that an earlier life of the service launched. */
  adopt(record: RunRecord, adopted: Adopted): Run
  all(): readonly Run[]
}

const TOKEN_LINES = 6
const LOG_GONE = 'its log was removed while it ran'
/** Nobody listens at the pipe of an earlier life's wrapper: its last word stands in the state file. */
const UNHEARD = { status: Promise.resolve(null), complete: Promise.resolve(false) }

/** What an agent has said in all; of one that was stopped its end tells nothing. */
const finallySaid = (so: Said, { outcome, returnCode }: RunEnd): Said =>
  outcome === 'exited' || outcome === 'signaled' ? saidAtEnd(so, returnCode) : so

/** What a run keeps of what asked for it. */
const askedOf = ({
  requestId,
  trigger,
  caller,
  name,
  slot,
  workspace,
  sharesWorkspace,
}: Pick<
  LaunchRequest,
  'requestId' | 'trigger' | 'caller' | 'name' | 'slot' | 'workspace' | 'sharesWorkspace'
>) => ({
  requestId,
  trigger,
  caller,
  name,
  slot,
  workspace,
  sharesWorkspace,
})

/** No runs yet. */
export function createLiveRuns(deps: LiveDeps): LiveRuns {
  const { clock, ledger } = deps
  const live = new Map<string, Run>()

  /** Everything that happens to a run from now to its end. */
  function follow(
    facts: Omit<Run, 'expectEnd' | 'expectNoEnd' | 'ended'> & Pick<LaunchRequest, 'caller'>,
    kind: Agent,
    past: {
      readonly headerBytes: number
      readonly mirroredBytes: number
      readonly ranMs: number
      readonly before: Usage | null
    },
    limits: { readonly timeoutMs: number; readonly stallMs: number },
    word: Pick<Launched, 'status' | 'complete'>,
  ): Run {
    const { runId, agent, wrapper, logPath } = facts
    const log = deps.logger.child({ request_id: facts.requestId, run_id: runId, caller: facts.caller })
    const told = { ...deps, logger: log }
    const over = new AbortController()
    let ending: Ending | null = null

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

    const heard = listen({
      logPath,
      from: past.headerBytes,
      reader: kind.read(),
      before: past.before,
      clock,
      told: (so) => ledger.step(runId, { said: so }),
      complete: over.signal,
    }).catch((error: unknown) => {
      log.error({ error: messageOf(error) }, 'run.listen.fail')
      return NOTHING_SAID
    })

    const limited = watchLimits(
      { ...facts, ranMs: past.ranMs },
      { ...limits, maxLogBytes: deps.maxLogBytes },
      { ...deps, failed: (error) => log.error({ error: messageOf(error) }, 'run.limit.fail') },
      over.signal,
    ).then(async (passed) => {
      if (!passed) return
      run.expectEnd(passed)
      log.warn({ ...passed }, 'run.limit')
      const { survivors } = await insist(() => stopTree(runId, agent, deps), 'run.limit.fail', told)
      if (survivors.length > 0) log.error({ survivors }, 'run.stop.survivors')
    })

    async function end(report: WatchReport) {
      over.abort()
      await Promise.all([mirrored, timed, limited])
      const known = endOf(ending, report.returnCode, 'its wrapper was killed, so nobody knows its status')
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
      // Until then it is all that another life of the service would know of the end.
      const written = () => deps.place.forget(runId, log)
      const so = finallySaid(await heard, end)
      ledger.step(runId, { said: so })
      const tokensUsed = so.usage?.total ?? output.tokensUsed
      ledger.finish(runId, { ...end, endedAt, ...output, tokensUsed }, written)
      live.delete(runId)
      return end
    }

    const ended = watch({ runId, agent, wrapper, logPath, ...word }, told).then(end)

    const run: Run = {
      ...facts,
      ended,
      expectEnd(why) {
        ending ??= why
      },
      expectNoEnd(why) {
        if (ending === why) ending = null
      },
    }
    live.set(runId, run)
    return run
  }

  /** What the log tells at the end; nulls where it is gone or closed to us. @throws {Error} where nobody can say now */
  function outputOf(logPath: string, headerBytes: number, kind: Agent) {
    try {
      const size = plainSize(logPath)
      if (size === null) return { outputBytes: null, tokensUsed: null, trouble: LOG_GONE }
      const tokensUsed = kind.tokensUsed(readTail(logPath, TOKEN_LINES))
      // Somebody may have cut it off.
      return { outputBytes: Math.max(0, size - headerBytes), tokensUsed, trouble: null }
    } catch (error) {
      if (isShortage(error)) throw error
      const trouble = `its log cannot be read: ${messageOf(error)}`
      return { outputBytes: null, tokensUsed: null, trouble }
    }
  }

  return {
    async launch(runId, request) {
      const { requestId, caller, name, workspace } = request
      const command = request.agent.command(taskOf(request, { runId, dir: deps.place.dirOf(runId) }))
      const line = shellQuote(command.argv)
      const header = { requestId, workspace, command: line }
      const { headerBytes, path: logPath } = await createRunLog(deps.logDir, header, new Date(clock.now()))
      ledger.step(runId, { command: line, logPath, headerBytes, mirroredBytes: headerBytes })
      const env = deps.env()
      const before = request.session === null ? null : ledger.usageOf(request.session)
      const spec = { runId, workspace, command, logPath, env, assertAllowed: () => deps.recheck(request) }
      const { agent, wrapper, ...word } = await deps.place.launch(spec).catch((error: unknown) => {
        // Its wrapper is gone, or never was: nobody else writes the trailer.
        settleTrailer(logPath, null, deps.logger)
        throw error
      })
      ledger.step(runId, { launchedAt: clock.now(), agentIdentity: agent, wrapperIdentity: wrapper })
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
      return follow(
        { ...askedOf(request), runId, command: line, logPath, agent, wrapper },
        request.agent,
        { headerBytes, mirroredBytes: headerBytes, ranMs: 0, before },
        request,
        word,
      )
    },

    adopt(record, { logPath, command, agent, wrapper, ranMs }) {
      const { runId, requestId, caller, name } = record
      const launchedAt = record.launchedAt ?? clock.now() - Number(ranMs)
      if (record.launchedAt === null) {
        ledger.step(runId, { launchedAt, agentIdentity: agent, wrapperIdentity: wrapper })
      }
      deps.logger.info(
        { request_id: requestId, run_id: runId, caller, name, pid: agent.pid, log_path: logPath },
        'run.adopt',
      )
      return follow(
        { ...askedOf(record), runId, command, logPath, agent, wrapper },
        agentOnRecord(deps.agents, record.agent),
        { ...record, before: null, ranMs: ranMs ?? Math.max(0, clock.now() - launchedAt) },
        record,
        UNHEARD,
      )
    },

    all: () => [...live.values()],
  }
}
