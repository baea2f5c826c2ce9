import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { keepLooking } from '../base/keep-looking.ts'
import type { Speech } from '../notices/speech.ts'
import type { Ledger } from '../record/ledger.ts'
import type { Ask } from './ask.ts'
import type { AskMessages } from './ask-messages.ts'
import { endWords, howToAnswer, questionWords, signsOf } from './ask-words.ts'
import type { Asks } from './asks.ts'

/** What it takes. */
export interface TellAsksDeps {
  readonly asks: Pick<Asks, 'find' | 'changed'>
  /** Those that are open, oldest first. */
  readonly open: () => readonly Ask[]
  readonly messages: AskMessages
  readonly speech: Omit<Speech, 'reply' | 'isAnswered'>
  readonly ledger: Pick<Ledger, 'listed'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Asks people by messages of their own, and tells there what became of it. */
export interface TellAsks {
  /** Learns which messages were sent. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  learn(): void
  /** Tells until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>
}

/** After a failure it is tried again. */
const AGAIN_MS = 10_000
/** What was sent may be written a little later. */
const LOOK_MS = 60_000

const keyOf = (askId: string) => `ask ${askId}`

/** All that is told stands in the outbox first; what has to be told is looked up, so nothing is forgotten over restarts. */
export function tellAsks(deps: TellAsksDeps): TellAsks {
  const { asks, messages, speech, ledger, clock, logger } = deps
  const runOf = ({ runId }: Ask) => ledger.listed([runId])[0] ?? { runId, name: runId }

  function learn(): void {
    for (const { askId, messageId } of messages.unfinished()) {
      if (messageId !== null) continue
      const fate = speech.fate(keyOf(askId))
      if (fate?.messageId != null) messages.sent(askId, fate.messageId)
    }
  }

  /** Asks what is open; the outbox takes each of them once. */
  function ask(): void {
    for (const one of deps.open()) {
      const message = messages.find(one.id)
      if (message === null) messages.add(one.id, one.digest)
      // The outbox forgets what was sent long ago.
      if (message?.messageId != null || speech.fate(keyOf(one.id)) !== null) continue
      const words = { key: keyOf(one.id), run: runOf(one) }
      speech.ask({ ...words, words: questionWords(one), below: howToAnswer(one) })
    }
  }

  /** Tells what became of those that are over. */
  function tellEnds(): void {
    for (const { askId, messageId } of messages.unfinished()) {
      const one = asks.find(askId)
      if (one === null || one.state === 'open') continue
      if (messageId !== null) {
        const about = { key: `${keyOf(askId)} end`, run: runOf(one), words: questionWords(one) }
        speech.amend(messageId, { ...about, below: endWords(one, speech.plain) })
        messages.finish(askId)
        // Nobody was asked by it, or nobody knows its number.
      } else if (speech.fate(keyOf(askId))?.state !== 'pending') messages.finish(askId)
    }
  }

  /** Shows by which reactions the others can be answered. */
  async function offer(signal: AbortSignal): Promise<void> {
    for (const { askId, messageId, isOffered } of messages.unfinished()) {
      const one = asks.find(askId)
      if (one?.state !== 'open' || messageId === null || isOffered) continue
      await speech.offer(messageId, signsOf(one), signal)
      messages.offered(askId)
    }
  }

  return {
    learn,
    run: (signal) =>
      keepLooking(
        {
          async look() {
            learn()
            ask()
            tellEnds()
            // Last: what fails there keeps nothing else from being told.
            await offer(signal)
            return LOOK_MS
          },
          changed: () => Promise.race([asks.changed(), speech.next()]),
          failed: (error) => logger.error({ error: messageOf(error) }, 'asks.tell.fail'),
          againMs: AGAIN_MS,
          clock,
        },
        signal,
      ),
  }
}
