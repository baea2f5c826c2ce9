import type { Logger } from 'pino'
import { messageOf } from '../base/errors.ts'
import type { RunRecord } from '../record/ledger.ts'
import type { Steps } from '../runs/steps.ts'
import type { EndedRun, Ends, Notify } from './notice.ts'

/** What end notices need. */
export interface EndNoticesOptions {
  readonly steps: Steps
  /** Whether the first notice is edited, or another one sent. */
  readonly mode: 'edit' | 'message'
  readonly notify: Notify
  /** The end of the output in a run's log. @throws where the log is gone */
  readonly tail: (logPath: string) => string
  readonly ends: Ends
  readonly logger: Logger
  /** Aborted: what is on its way is not waited for. */
  readonly hurry: AbortSignal
}

/** Tells, in the place of the notice of each run, how the run ended. */
export interface EndNotices {
  /** Tells no more ends; resolves when what is on its way arrived, or failed, which it does after so many milliseconds. */
  close(limitMs: number): Promise<void>
}

/**
 * Follows the steps of runs from now on. A run whose notice is no message that could be edited gets no end notice. Nobody
 * waits for an end notice, and one that fails is logged and left.
 */
export function sendEndNotices({ steps, logger, hurry, ...options }: EndNoticesOptions): EndNotices {
  const sending = new Set<Promise<void>>()
  const late = new AbortController()
  const signal = AbortSignal.any([hurry, late.signal])

  const leave = steps.subscribe(({ step, run: { outcome, ...run } }) => {
    const { noticeId, runId } = run
    if (step !== 'ended' || noticeId === null || outcome === null) return
    const sent = tellEnd({ ...run, outcome }, noticeId, options, signal)
      .catch((error: unknown) => logger.error({ run_id: runId, error: messageOf(error) }, 'notice.end.fail'))
      .finally(() => sending.delete(sent))
    sending.add(sent)
  })

  return {
    async close(limitMs) {
      leave()
      const timer = setTimeout(
        () => late.abort(new Error(`not delivered within ${limitMs / 1000} s`)),
        limitMs,
      )
      await Promise.all(sending)
      clearTimeout(timer)
    },
  }
}

async function tellEnd(
  run: EndedRun & Pick<RunRecord, 'logPath'>,
  noticeId: number,
  { mode, notify, ends, tail }: Omit<EndNoticesOptions, 'steps' | 'logger' | 'hurry'>,
  signal: AbortSignal,
): Promise<void> {
  const output = outputOf(run.logPath, tail)
  if (mode === 'edit' && (await ends.amend(noticeId, ends.edited(run, output), signal))) return
  await notify(ends.sent(run, output), signal)
}

function outputOf(logPath: string | null, tail: (logPath: string) => string): string {
  try {
    return logPath === null ? '' : tail(logPath)
    /* c8 ignore next 3: the moment at which there are no descriptors */
  } catch {
    return ''
  }
}
