import type { Logger } from 'pino'
import { messageOf } from '../base/errors.ts'
import { isShortage } from '../base/plain-file.ts'
import { addTrailer } from '../logs/run-log.ts'
import type { Place } from '../places/place.ts'
import type { Identity } from '../processes/table.ts'
import { insist } from './insist.ts'
import { type StopTreeDeps, stopTree } from './stop-tree.ts'

/** A run to be watched to its end. */
export interface Watched {
  readonly runId: string
  readonly agent: Identity
  readonly wrapper: Identity
  readonly logPath: string
  /** The agent's status, as the wrapper tells it through its pipe; null where it went without a word, or nobody listens. */
  readonly status: Promise<number | null>
  /** Whether the wrapper told through its pipe, which it has closed, that nobody need wait for the log any more. */
  readonly complete: Promise<boolean>
}

/** What watching needs. */
export interface WatchDeps extends StopTreeDeps {
  readonly place: Pick<Place, 'wordOf'>
  readonly logger: Logger
}

/** What was seen. */
export interface WatchReport {
  readonly returnCode: number | null
  /** Tools that had outlived their agent and were stopped. */
  readonly leftovers: readonly number[]
  /** Processes of the tree that could not be stopped. */
  readonly survivors: readonly number[]
}

type Wrapped = Pick<Watched, 'runId' | 'agent' | 'wrapper'>

const POLL_MS = 250
const SHORT_POLL_MS = 20
/** How long a wrapper may say nothing of an agent that is gone: it tells within milliseconds, if it ever does. */
const WORD_LIMIT_MS = 5000
/** How long the pipe of a wrapper that is gone is read: it is closed then, and read in no time. */
const PIPE_LIMIT_MS = 1000
/** How long a log is waited for: its last lines are written within milliseconds, or there is no room for them. */
const LOG_LIMIT_MS = 2000

/**
 * Waits for the end of a run, stops what it left behind, and sees to it that its log is complete. The wrapper's word alone
 * is its status: what stands in the log, the agent may have written. Never rejects, and never takes a look that failed for
 * an end.
 */
export async function watch(run: Watched, deps: WatchDeps): Promise<WatchReport> {
  const again = <T>(work: () => Promise<T>, over?: AbortSignal) => insist(work, 'run.watch.fail', deps, over)
  const heard = new AbortController()
  const piped = run.status.then((status) => {
    if (status !== null) heard.abort()
    return status
  })
  // Its pipe is silent, too, where the wrapper hangs, or was killed.
  const seen = deps.clock
    .sleep(POLL_MS, heard.signal)
    .then(() => again(() => lastWord(run, deps, heard.signal), heard.signal))
    .catch(() => null)
  // Where its state file is gone, too, its last word may still be on its way through the pipe.
  const returnCode =
    (await Promise.race([piped, seen])) ?? (await seen) ?? (await within(PIPE_LIMIT_MS, piped, null, deps))
  const { signalled, survivors } = await again(() => stopTree(run.runId, run.agent, deps))
  if (!(await within(LOG_LIMIT_MS, run.complete, false, deps)))
    await again(() => closeLog(run, returnCode, deps))
  return { returnCode, leftovers: signalled, survivors }
}

/** The same as the promise, or something else where that takes too long. */
async function within<T>(ms: number, promise: Promise<T>, otherwise: T, { clock }: WatchDeps): Promise<T> {
  const decided = new AbortController()
  const late = clock.sleep(ms, decided.signal).then(
    () => otherwise,
    () => otherwise,
  )
  const first = await Promise.race([promise, late])
  decided.abort()
  return first
}

/**
 * Waits until the wrapper's state file tells the agent's status; null where both are gone without that, or the wrapper says
 * nothing of an agent that is gone. @throws {Error} where a look fails
 */
export async function lastWord(run: Wrapped, deps: WatchDeps, over?: AbortSignal): Promise<number | null> {
  const { clock, table, logger } = deps
  let deadline: number | null = null
  for (;;) {
    const { status, isRunning, mayTell, failure } = await look(run, deps)
    if (status !== null) return status
    if (isRunning) deadline = null
    else if (!mayTell) return null
    else if (deadline === null) {
      deadline = clock.monotonic() + WORD_LIMIT_MS
      // One that somebody stopped would never tell.
      await table.signal(run.wrapper, 'SIGCONT')
    } else if (clock.monotonic() >= deadline) {
      logger.error({ error: failure ?? 'the wrapper does not tell the status' }, 'run.state.fail')
      return null
    }
    await clock.sleep(POLL_MS, over)
  }
}

async function look({ runId, agent, wrapper }: Wrapped, { table, place }: WatchDeps) {
  const isRunning = await table.isAlive(agent)
  // Asked before reading: what it told before it was gone is then surely read.
  const mayTell = await table.isAlive(wrapper)
  try {
    return { status: place.wordOf(runId).status, isRunning, mayTell, failure: null }
  } catch (error) {
    if (isShortage(error)) throw error
    return { status: null, isRunning, mayTell: true, failure: messageOf(error) }
  }
}

/**
 * Sees to the trailer of a run that has ended: waits a moment for its wrapper to write it, or does that in its place where
 * it is gone. A wrapper that finds no room goes on trying by itself. @throws {Error} where a look fails
 */
export async function closeLog(
  { runId, wrapper, logPath }: Pick<Watched, 'runId' | 'wrapper' | 'logPath'>,
  returnCode: number | null,
  { clock, table, place, logger }: WatchDeps,
): Promise<void> {
  const deadline = clock.monotonic() + LOG_LIMIT_MS
  while (await table.isAlive(wrapper)) {
    if (isComplete(runId, place) || clock.monotonic() >= deadline) return
    await clock.sleep(SHORT_POLL_MS)
  }
  if (!isComplete(runId, place)) settleTrailer(logPath, returnCode, logger)
}

function isComplete(runId: string, place: WatchDeps['place']): boolean {
  try {
    return place.wordOf(runId).isComplete
  } catch {
    // Nobody can read it: then the log itself is looked at.
    return false
  }
}

/** Adds the trailer that nobody else will write. Where the log is gone, or cannot be written, that is told. Never throws. */
export function settleTrailer(logPath: string, returnCode: number | null, logger: Logger): void {
  try {
    if (!addTrailer(logPath, returnCode)) throw new Error('it was removed or replaced')
  } catch (error) {
    logger.warn({ log_path: logPath, error: messageOf(error) }, 'run.log.fail')
  }
}
