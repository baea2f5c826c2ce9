import { statSync } from 'node:fs'
import path from 'node:path'
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'
import { removeFile } from '../files.ts'
import type { PlaceToCut } from '../logging/redact.ts'
import { shellQuote } from '../shell-quote.ts'
import { launch } from './launch.ts'
import type { Ledger, RunRecord } from './ledger.ts'
import { watchLimits } from './limits.ts'
import { type Ending, endOf } from './outcome.ts'
import type { ResetDeps } from './reset.ts'
import type { LaunchRequest, Run } from './run.ts'
import { createRunLog, readTail } from './run-log.ts'
import { stopTree } from './stop-tree.ts'
import { gone, settleTrailer, type WatchReport, watch } from './watch.ts'
import type { Wrappers } from './wrappers.ts'

/** What launching and following runs needs. */
export interface LiveDeps extends ResetDeps {
  readonly logger: Logger
  readonly ledger: Ledger
  readonly logDir: string
  readonly wrappers: Wrappers
  /** What an agent gets as its environment, as it is now. */
  readonly env: () => NodeJS.ProcessEnv
  /** Throws where the workspace or the program no longer is what was allowed. */
  readonly recheck: (request: LaunchRequest) => void
  /** A run whose log passes it is ended; 0: none. */
  readonly maxLogBytes: number
  /** Follows a run log from an offset until it is complete; null where output is not mirrored. */
  readonly mirror: Mirror | null
  /** Where the end of a log that is told to others may begin. */
  readonly placeToCut?: PlaceToCut
}

/** Hands on a log's lines from an offset, telling how far it came. */
export type Mirror = (
  file: string,
  from: number,
  mirrored: (offset: number) => void,
  complete: AbortSignal,
) => Promise<unknown>

/** The runs that have begun and not ended, each followed to its end on the record. */
export interface LiveRuns {
  /** Launches a run that is already on the record as an intent. @throws {LooperError} */
  launch(runId: string, request: LaunchRequest): Promise<Run>
  /** Follows a run that an earlier life of the service launched. */
  adopt(record: RunRecord, launched: Pick<Run, 'logPath' | 'command' | 'agent' | 'wrapper'>): Run
  all(): readonly Run[]
}

const TOKEN_LINES = 6
const LOG_GONE = 'its log was removed while it ran'

/** No runs yet. */
export function createLiveRuns(deps: LiveDeps): LiveRuns {
  const { clock, ledger, table } = deps
  const live = new Map<string, Run>()

  /** Everything that happens to a run from now to its end. */
  function follow(
    facts: Omit<Run, 'expectEnd' | 'ended'> & Pick<LaunchRequest, 'caller'>,
    past: { readonly headerBytes: number; readonly mirroredBytes: number; readonly ranMs: number },
    limits: { readonly timeoutMs: number; readonly stallMs: number },
    status: Promise<number | null>,
  ): Run {
    const { runId, agent, logPath } = facts
    const statePath = path.join(deps.stateDir, runId)
    const log = deps.logger.child({ request_id: facts.requestId, run_id: runId, caller: facts.caller })
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

    const limited = watchLimits(
      { ...facts, ranMs: past.ranMs },
      { ...limits, maxLogBytes: deps.maxLogBytes },
      deps,
      over.signal,
    )
      .then(async (passed) => {
        if (!passed) return
        run.expectEnd(passed)
        log.warn({ ...passed }, 'run.limit')
        await stopTree(runId, agent, deps)
      })
      .catch((error: unknown) => log.error({ error: messageOf(error) }, 'run.limit.fail'))

    async function end(report: WatchReport) {
      over.abort()
      await Promise.all([mirrored, limited])
      const known = endOf(ending, report.returnCode, 'its wrapper was killed, so nobody knows its status')
      const output = outputOf(logPath, past.headerBytes)
      if (output.outputBytes === null) log.error({ log_path: logPath }, 'run.log.gone')
      const end = output.outputBytes === null ? { ...known, cause: known.cause ?? LOG_GONE } : known
      const facts = { ...end, leftovers: report.leftovers, survivors: report.survivors }
      if (end.returnCode === 0) log.info(facts, 'cmd.done')
      else log.warn(facts, 'cmd.fail')
      ledger.finish(runId, { ...end, endedAt: clock.now(), ...output })
      live.delete(runId)
      try {
        removeFile(statePath)
      } catch (error) {
        log.error({ error: messageOf(error) }, 'run.state.fail')
      }
      return end
    }

    const ended = watch({ runId, agent, logPath, statePath, status }, deps)
      .catch((error: unknown) => {
        log.error({ error: messageOf(error) }, 'run.watch.fail')
        return { returnCode: null, leftovers: [], survivors: [] }
      })
      .then(end)

    const run: Run = {
      ...facts,
      ended,
      expectEnd(why) {
        ending ??= why
      },
    }
    live.set(runId, run)
    return run
  }

  /** What the log tells at the end; nulls where it is gone. */
  function outputOf(logPath: string, headerBytes: number) {
    try {
      // Somebody may have cut it off.
      const outputBytes = Math.max(0, statSync(logPath).size - headerBytes)
      return { outputBytes, tokensUsed: deps.agent.tokensUsed(readTail(logPath, TOKEN_LINES)) }
    } catch {
      return { outputBytes: null, tokensUsed: null }
    }
  }

  return {
    async launch(runId, request) {
      const { requestId, trigger, caller, workspace } = request
      const command = deps.agent.command({
        binary: request.binary.path,
        workspace,
        prompt: request.prompt,
        runId,
      })
      const line = shellQuote(command.argv)
      const header = { requestId, workspace, command: line }
      const { headerBytes, path: logPath } = await createRunLog(deps.logDir, header, new Date(clock.now()))
      ledger.step(runId, { command: line, logPath, headerBytes, mirroredBytes: headerBytes })
      const env = deps.env()
      const { agent, wrapper, status } = await launch({
        ...deps,
        env,
        runId,
        workspace,
        command,
        logPath,
        assertAllowed: () => deps.recheck(request),
      }).catch(async (error: unknown) => {
        // Its wrapper is gone, or never was: nobody else writes the trailer.
        await settleTrailer({ logPath, statePath: path.join(deps.stateDir, runId) }, deps.logger)
        throw error
      })
      ledger.step(runId, { launchedAt: clock.now(), agentIdentity: agent, wrapperIdentity: wrapper })
      deps.logger.info(
        { request_id: requestId, run_id: runId, caller, pid: agent.pid, command: line, log_path: logPath },
        'cmd.start',
      )
      // The fork stands in nobody's way then: the agent is on its way, and who waits for nothing more is answered first.
      setImmediate(() => deps.wrappers.prepare(env))
      return follow(
        { runId, requestId, trigger, caller, command: line, logPath, agent, wrapper },
        { headerBytes, mirroredBytes: headerBytes, ranMs: 0 },
        request,
        status,
      )
    },

    adopt(record, { logPath, command, agent, wrapper }) {
      const { runId, requestId, trigger, caller } = record
      const launchedAt = record.launchedAt ?? clock.now()
      if (record.launchedAt === null) {
        ledger.step(runId, { launchedAt, agentIdentity: agent, wrapperIdentity: wrapper })
      }
      deps.logger.info(
        { request_id: requestId, run_id: runId, caller, pid: agent.pid, log_path: logPath },
        'run.adopt',
      )
      return follow(
        { runId, requestId, trigger, caller, command, logPath, agent, wrapper },
        { ...record, ranMs: Math.max(0, clock.now() - launchedAt) },
        record,
        // Nobody listens at its pipe any more: its end is seen, and its last word stands in the log.
        gone(wrapper, { table, clock }).then(() => null),
      )
    },

    all: () => [...live.values()],
  }
}
