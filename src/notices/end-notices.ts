import type { Logger } from 'pino'
import { messageOf } from '../base/errors.ts'
import { verifyLogPathOf } from '../logs/verify-log.ts'
import type { Ledger } from '../record/ledger.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Steps } from '../runs/steps.ts'
import type { Ends } from './notice.ts'
import type { OpenOutbox } from './outbox.ts'

/** What end notices need. */
export interface EndNoticesOptions {
  readonly steps: Steps
  readonly ledger: Pick<Ledger, 'find' | 'untoldEnds' | 'note' | 'setNote'>
  readonly clock: { now(): number }
  /** Whether the first notice is edited, or another one sent. */
  readonly mode: 'edit' | 'message'
  /** Where they go now. */
  readonly conversation: () => string
  /** The end of the output in a run's log. @throws where the log is gone */
  readonly tail: (logPath: string) => string
  readonly ends: Pick<Ends, 'edited' | 'sent'>
  readonly outbox: Pick<OpenOutbox, 'add' | 'resume' | 'close'>
  readonly logger: Logger
}

/** Tells, in the place of the notice of each run, how the run ended. */
export interface EndNotices {
  /** Tells what an earlier life of the service left untold. Never throws. */
  resume(): void
  /** Tells no more ends; resolves when what can be sent now arrived, or failed, which it does after so many milliseconds. */
  close(limitMs: number): Promise<void>
}

/** Since when ends are told. */
const SINCE = 'ends.since'

/**
 * Follows the steps of runs from now on. A run whose notice is no message that could be edited gets no end notice. Nobody
 * waits for an end notice; one that fails is tried again.
 */
export function sendEndNotices(options: EndNoticesOptions): EndNotices {
  const { steps, ledger, clock, mode, conversation, tail, ends, outbox, logger } = options

  function tell(run: RunRecord): void {
    const { noticeId, outcome, runId, logPath, verdict } = run
    if (noticeId === null || outcome === null) return
    // What was said against it is worth more than what its agent said last.
    const isRefuted = logPath !== null && verdict === 'refuted'
    const output = outputOf(isRefuted ? verifyLogPathOf(logPath) : logPath, tail)
    const ended = { ...run, outcome }
    const sent = ends.sent(ended, output)
    outbox.add({
      key: `end ${runId}`,
      runId,
      conversation: conversation(),
      ...(mode === 'edit'
        ? { edits: noticeId, content: ends.edited(ended, output), instead: sent }
        : { edits: null, content: sent, instead: null }),
      isUrgent: true,
      createdAt: clock.now(),
    })
  }

  const leave = steps.subscribe(({ step, run }) => {
    if (step === 'ended') tell(run)
  })

  return {
    resume() {
      try {
        const since = ledger.note(SINCE)
        const now = clock.now()
        // The service may have been killed between an end and its message.
        for (const runId of since === null ? [] : ledger.untoldEnds(Number(since))) {
          const run = ledger.find(runId)
          if (run) tell(run)
        }
        ledger.setNote(SINCE, String(now))
        outbox.resume()
      } catch (error) {
        logger.error({ error: messageOf(error) }, 'outbox.fail')
      }
    },
    close(limitMs) {
      leave()
      return outbox.close(limitMs)
    },
  }
}

function outputOf(logPath: string | null, tail: (logPath: string) => string): string {
  try {
    return logPath === null ? '' : tail(logPath)
    /* c8 ignore next 3: the moment at which there are no descriptors */
  } catch {
    return ''
  }
}
