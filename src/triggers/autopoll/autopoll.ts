import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../../base/clock.ts'
import { LooperError, messageOf } from '../../base/errors.ts'
import { isRunLogName } from '../../logs/run-log.ts'
import type { Notify } from '../../notices/notice.ts'
import type { Ledger } from '../../record/ledger.ts'
import { OBSTACLES, type Obstacle } from '../../runs/occupation.ts'
import type { LaunchRequest, Run } from '../../runs/run.ts'
import type { Runs } from '../../runs/runs.ts'
import { type Backoff, backoffOf } from './backoff.ts'
import { holdIn } from './hold.ts'

/** What the autopoll needs. */
export interface AutopollOptions {
  readonly runs: Pick<Runs, 'launchIfIdle' | 'occupation' | 'live'>
  /** Where it launches, and nothing else may run then. */
  readonly slot: string
  readonly ledger: Pick<Ledger, 'list' | 'launchedSince' | 'note' | 'setNote'>
  /** The default run, checked anew at every launch. */
  readonly prepare: (caller: string | null) => Promise<LaunchRequest>
  /** That the usage limit of its agent is reached, or the budget of the day; null: neither is. */
  readonly held: () => LooperError | null
  readonly notify: Notify
  readonly pollMs: number
  /** Above 0: no launch while the newest run log changed within it. */
  readonly staleMs: number
  readonly maxRunsPerHour: number
  readonly logDir: string
  readonly clock: Clock
  readonly logger: Logger
  /** Is told of every tick that launched nothing. */
  readonly skipped: (kind: SkipKind) => void
}

/** Why a tick launches nothing. */
export const SKIP_KINDS = [
  'busy',
  'live',
  'waiting',
  'no_room',
  'fresh_log',
  'usage_limit',
  'day_budget',
  'backoff',
  'paused',
  'rate',
] as const
/** Why a tick launches nothing. */
export type SkipKind = (typeof SKIP_KINDS)[number]

/** Why a tick launches nothing, and the sentence that says so. */
export type Skip =
  | { readonly kind: Exclude<SkipKind, 'paused'>; readonly reason: string }
  | {
      readonly kind: 'paused'
      readonly reason: string
      /** The failures that it pauses for by itself; null where somebody paused it. */
      readonly row: { readonly failures: number; readonly lastRunId: string } | null
    }

/** What the autopoll is up to. */
export interface AutopollStatus {
  /** When it looks next, in milliseconds since the epoch. */
  readonly nextAt: number
  /** Why it would launch nothing if it looked now; null where it would launch. */
  readonly wouldSkip: Skip | null
  /** Whether somebody paused it, or it pauses by itself. */
  readonly paused: boolean
  /** Why its last look could not launch what it wanted to; null where it could, or did not want to. */
  readonly failure: string | null
}

/** Launches the default run whenever nothing runs. */
export interface Autopoll {
  /**
   * Looks now, and then every `pollMs`, until the signal aborts. Runs that fail or end at once make it wait longer and
   * longer, and then pause. Never rejects: a launch that fails is logged.
   */
  run(signal: AbortSignal): Promise<void>
  status(): Promise<AutopollStatus>
  /** Whether somebody paused it, or it pauses after failures. */
  isPaused(): boolean
  /** Launches nothing from now on, also after a restart. */
  pause(caller: string | null): void
  /** Takes every pause back, forgets the failures that it waits for, and looks at once. */
  resume(caller: string | null): void
  /** Launches the default run now, whatever it waits for. @throws {LooperError} `LOOPER_BUSY`, and what keeps it from launching */
  launch(caller: string | null): Promise<Run>
}

const HOUR_MS = 3_600_000
/** More than any row of failures with neutral runs between them. */
const LOOK_BACK = 30
/** Under this note stands the run after which a pause was told. */
const TOLD = 'autopoll.paused_after'

/** What may keep every run from beginning, as the autopoll calls it. */
const KINDS: Readonly<Record<string, Exclude<SkipKind, 'paused'>>> = {
  LOOPER_AGENT_HELD: 'usage_limit',
  LOOPER_BUDGET_SPENT: 'day_budget',
}

/** What keeps a run from being launched, as a skip. */
const skipFor = ({ code, message }: LooperError): Skip => ({
  kind: KINDS[code] ?? 'no_room',
  reason: message,
})

const skipOf = (kind: Obstacle): Skip => ({ kind, reason: OBSTACLES[kind] })

/** An autopoll that has not begun. */
export function createAutopoll(options: AutopollOptions): Autopoll {
  const { clock, logger, pollMs, runs, slot } = options
  let nextAt = clock.now()
  let failure: string | null = null
  let again = new AbortController()
  const hold = holdIn(options.ledger)
  return {
    async run(signal) {
      logger.info({ poll_seconds: pollMs / 1000 }, 'codex.exec.autopoll.on')
      while (!signal.aborted) {
        nextAt = clock.now() + pollMs
        try {
          await tick(options, signal)
          failure = null
        } catch (error) {
          failure = messageOf(error)
          logger.error({ error: failure }, 'codex.exec.autopoll.fail')
        }
        again = new AbortController()
        await clock.sleep(pollMs, AbortSignal.any([signal, again.signal])).catch(() => undefined)
      }
      logger.info('codex.exec.autopoll.off')
    },

    async status() {
      const { obstacle } = await runs.occupation(slot)
      const wouldSkip = obstacle ? skipOf(obstacle) : await reasonToWait(options)
      return { nextAt, failure, wouldSkip, paused: hold.reason() !== null || wouldSkip?.kind === 'paused' }
    },

    isPaused: () => hold.reason() !== null || backoffNow(options).kind === 'pause',

    pause(caller) {
      hold.pause(caller)
      logger.info({ caller }, 'codex.exec.autopoll.held')
    },

    resume(caller) {
      hold.resume(Math.max(0, ...options.ledger.list({ limit: 1, slot }).map(({ seq }) => seq)))
      logger.info({ caller }, 'codex.exec.autopoll.resume')
      again.abort()
    },

    async launch(caller) {
      const outcome = await runs.launchIfIdle(slot, () => options.prepare(caller))
      if (outcome.kind === 'launched') {
        tellLaunch(outcome.run, logger)
        return outcome.run
      }
      if (outcome.kind === 'no_room') throw outcome.why
      const obstacle = outcome.kind === 'live' ? 'live' : 'busy'
      throw new LooperError('LOOPER_BUSY', `busy: ${OBSTACLES[obstacle]}`)
    },
  }
}

async function tick(options: AutopollOptions, signal: AbortSignal): Promise<void> {
  const { runs, slot, logger, skipped } = options
  const declined: Skip[] = []
  const outcome = await runs.launchIfIdle(slot, async () => {
    const skip = await reasonToWait(options)
    if (!skip) return options.prepare(null)
    declined.push(skip)
    if (skip.kind === 'paused' && skip.row) await tellPause(skip.row, options, signal)
    return null
  })
  if (outcome.kind === 'launched') tellLaunch(outcome.run, logger)
  for (const { kind, reason } of skips()) {
    logger.info({ reason }, 'codex.exec.autopoll.skip')
    skipped(kind)
  }

  function skips(): readonly Pick<Skip, 'kind' | 'reason'>[] {
    if (outcome.kind === 'declined') return declined
    if (outcome.kind === 'no_room') return [skipFor(outcome.why)]
    return outcome.kind === 'launched' ? [] : [skipOf(outcome.kind)]
  }
}

function tellLaunch({ agent, requestId, logPath }: Run, logger: Logger): void {
  logger.info({ request_id: requestId, pid: agent.pid, log_path: logPath }, 'codex.exec.autopoll.launch')
}

/** Why nothing is launched though nothing runs; null where it may be. */
async function reasonToWait(options: AutopollOptions): Promise<Skip | null> {
  const { ledger, clock, staleMs, maxRunsPerHour } = options
  const now = clock.now()
  const hold = holdIn(ledger)
  const held = hold.reason()
  if (held !== null) return { kind: 'paused', reason: held, row: null }
  if (staleMs > 0 && now - (await newestRunLog(options)) < staleMs) {
    return { kind: 'fresh_log', reason: 'the newest run log changed a short while ago' }
  }
  const limited = options.held()
  if (limited !== null) return skipFor(limited)
  const backoff = backoffNow(options)
  switch (backoff.kind) {
    case 'wait': {
      const due = new Date(backoff.until).toISOString()
      return {
        kind: 'backoff',
        reason: `${inARow(backoff.failures)}; the next is due at ${due}`,
      }
    }
    case 'pause':
      return {
        kind: 'paused',
        reason: `paused: ${inARow(backoff.failures)}; POST /run resumes, and so does POST /autopoll/resume`,
        row: backoff,
      }
    case 'go':
  }
  if (ledger.launchedSince('autopoll', now - HOUR_MS) < maxRunsPerHour) return null
  return {
    kind: 'rate',
    reason: `it launched ${maxRunsPerHour} runs within an hour (LOOPER_AUTO_MAX_RUNS_PER_HOUR)`,
  }
}

/** A run that ended at once may have exited with 0. */
function inARow(failures: number): string {
  return `${failures === 1 ? 'the last run' : `${failures} runs in a row`} failed or ended at once`
}

/** What the latest runs say of the next launch. */
function backoffNow({ ledger, clock, pollMs, slot }: AutopollOptions): Backoff {
  const forgiven = holdIn(ledger).forgiven()
  // A run at the limit says nothing of the prompt: it neither counts as a failure nor ends a row of them.
  const telling = ledger
    .list({ limit: LOOK_BACK, slot })
    .filter((run) => run.seq > forgiven && run.errorKind !== 'quota')
  return backoffOf(telling, clock.now(), pollMs)
}

/** Says once for each pause, also across restarts, in the log and as a notice. */
async function tellPause(
  { failures, lastRunId }: { readonly failures: number; readonly lastRunId: string },
  { ledger, notify, logger }: AutopollOptions,
  signal: AbortSignal,
): Promise<void> {
  if (ledger.note(TOLD) === lastRunId) return
  ledger.setNote(TOLD, lastRunId)
  const message = `Looper's autopoll pauses: ${inARow(failures)}. POST /run resumes it.`
  logger.error({ failures, run_id: lastRunId }, 'codex.exec.autopoll.pause')
  await notify(message, signal).catch((error: unknown) => {
    logger.error({ error: messageOf(error) }, 'codex.exec.autopoll.notice.fail')
  })
}

/** When a run log was last written, those of live runs in other slots left out, in milliseconds since the epoch; 0 where there is none. */
async function newestRunLog({ logDir: dir, runs, slot }: AutopollOptions): Promise<number> {
  const others = runs.live().filter((run) => run.slot !== slot)
  const written = new Set(others.map(({ logPath }) => path.basename(logPath)))
  const names = (await readdir(dir)).filter((name) => isRunLogName(name) && !written.has(name))
  const timeOf = (name: string) =>
    lstat(path.join(dir, name)).then(
      // A link, or what else may bear such a name, is nobody's run log.
      (stats) => (stats.isFile() ? stats.mtimeMs : 0),
      // It was removed since.
      () => 0,
    )
  const times = await Promise.all(names.map(timeOf))
  return Math.max(0, ...times)
}
