import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { createNews, sleepUnless } from '../base/news.ts'
import type { Ledger } from '../record/ledger.ts'
import type { OutboxMessage, OutboxRow } from '../record/outbox.ts'
import type { Amend, Arrived, Notify } from './notice.ts'
import { failureOf } from './notice-error.ts'
import { CALLS_COUNT_MS, dueMs, GIVEN_UP_AFTER_MS, quietMs, retryMs } from './pace.ts'

/** What an outbox needs. */
export interface OutboxOptions {
  readonly ledger: Ledger
  readonly notify: Notify
  readonly amend: Amend
  /** How to send to a conversation that is elsewhere; null: it is where notices go. */
  readonly at: (conversation: string) => Notify | null
  /** Null where the other side cannot be asked. */
  readonly arrived: Arrived | null
  readonly clock: Clock
  readonly logger: Logger
  /** Aborted: what is on its way is not waited for. */
  readonly hurry: AbortSignal
}

/** What is to be told stands on the record until the other side has taken it. */
export interface OpenOutbox {
  /** Puts a message in; nobody waits for it. @param written called when it is on the record. It must not throw. */
  add(message: OutboxMessage, written?: () => void): void
  /** Resolves when it is known what became of a message, after this was called. */
  settled(): Promise<void>
  /** Sends what an earlier life of the service left. Never throws. */
  resume(): void
  /**
   * Begins no message that has to wait; resolves when what can be sent now is sent, which fails after so many milliseconds.
   * The rest stays for the next life of the service.
   */
  close(limitMs: number): Promise<void>
}

/** An outbox that sends each conversation's messages one after the other. Whoever opens it closes it. */
export function openOutbox(options: OutboxOptions): OpenOutbox {
  const { ledger, clock, logger } = options
  const lanes = new Map<string, Promise<void>>()
  /** Until when each conversation wants to be left alone. */
  const quiet = new Map<string, number>()
  const closing = new AbortController()
  const late = new AbortController()
  const over = AbortSignal.any([options.hurry, late.signal])
  const news = createNews()
  const done = createNews()

  /** Sends what waits in a conversation, until nothing does. */
  async function work(conversation: string): Promise<void> {
    try {
      while (!over.aborted) {
        const row = ledger.nextInOutbox(conversation)
        if (!row) return
        const now = clock.now()
        const calls = ledger.callsSince(conversation, now - CALLS_COUNT_MS)
        const wanted = dueMs(quiet.get(conversation) ?? now, now)
        const ms = Math.max(dueMs(row.nextAt, now), wanted, quietMs(calls, now))
        if (ms === 0) {
          await tryOnce(row)
          done.tell()
        } else if (closing.signal.aborted) return
        else await pause(ms)
      }
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'outbox.fail')
    } finally {
      // In the same breath as the last look: what comes in later begins anew.
      lanes.delete(conversation)
    }
  }

  /** A while, or until something came in that may go first. */
  async function pause(ms: number): Promise<void> {
    await sleepUnless(news.next(), ms, clock, AbortSignal.any([closing.signal, over]))
  }

  async function tryOnce(row: OutboxRow): Promise<void> {
    const { id, runId } = row
    let isCalled = false
    try {
      const sentId = await send(row, () => {
        isCalled = true
      })
      if (sentId !== undefined) ledger.settleOutbox(id, { state: 'sent', at: clock.now(), sentId })
    } catch (error) {
      const why = messageOf(error)
      const { isRefused, isFinal, retryAfterMs } = failureOf(error)
      const now = clock.now()
      // Where nothing was sent now, what came of it before is as unknown as it was.
      const isOpen = isCalled ? !isRefused : row.attemptedAt !== null
      // Once a message: the first time, and when it is given up.
      if (row.attempts === 0) logger.error({ run_id: runId, error: why }, 'notice.end.fail')
      if (isFinal || now - row.createdAt >= GIVEN_UP_AFTER_MS) {
        ledger.settleOutbox(id, { state: 'given_up', at: now, why })
        logger.error({ run_id: runId, error: why }, 'outbox.given_up')
        return
      }
      const nextAt = now + retryMs(row.attempts + 1, retryAfterMs)
      if (retryAfterMs !== null) quiet.set(row.conversation, nextAt)
      ledger.settleOutbox(id, { state: 'pending', nextAt, why, isOpen })
    }
  }

  /** The other side's number of the message, null where it has none; undefined where there is one more call to make. */
  async function send(row: OutboxRow, sending: () => void): Promise<number | null | undefined> {
    const { id, edits, content, attemptedAt, conversation } = row
    // On the record before it happens: whoever comes next has to ask what became of it.
    ledger.attempt(id, clock.now())
    if (edits === null && attemptedAt !== null && options.arrived) {
      const found = await options.arrived(content, attemptedAt, ledger.isSentId, over)
      if (found !== null) return found
      ledger.attempt(id, clock.now())
    }
    sending()
    const notify = options.at(conversation) ?? options.notify
    if (edits === null) return (await notify(content, over)).messageId
    if (await options.amend(edits, content, over)) return edits
    ledger.sendInstead(id)
    return undefined
  }

  function wake(conversation: string): void {
    news.tell()
    if (lanes.has(conversation)) return
    lanes.set(conversation, Promise.resolve(conversation).then(work))
  }

  return {
    settled: done.next,
    add: (message, written) =>
      ledger.addToOutbox(message, () => {
        written?.()
        wake(message.conversation)
      }),
    resume() {
      try {
        for (const conversation of ledger.openConversations()) wake(conversation)
      } catch (error) {
        logger.error({ error: messageOf(error) }, 'outbox.fail')
      }
    },
    async close(limitMs) {
      closing.abort()
      const timer = setTimeout(
        () => late.abort(new Error(`not delivered within ${limitMs / 1000} s`)),
        limitMs,
      )
      await Promise.all(lanes.values())
      clearTimeout(timer)
    },
  }
}
