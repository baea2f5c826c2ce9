import { LooperError } from '../base/errors.ts'
import type { Heard, Said } from '../notices/ear.ts'
import type { Listener } from '../notices/hearing.ts'
import type { Speech } from '../notices/speech.ts'
import type { Ask } from './ask.ts'
import type { AskMessage, AskMessages } from './ask-messages.ts'
import { answerBySign, answerByText } from './ask-words.ts'
import type { Asks } from './asks.ts'

/** What it takes. */
export interface HearAnswersDeps {
  readonly asks: Pick<Asks, 'find' | 'answer'>
  readonly messages: Pick<AskMessages, 'find' | 'with' | 'unfinished'>
  readonly speech: Pick<Speech, 'reply'>
  /** Learns which messages were sent. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  learn(): void
}

/** An ask, and the message by which people saw it. */
interface Seen {
  readonly ask: Ask
  readonly message: AskMessage
}

/** A message that begins with the id of an ask. */
const BY_ID = /^`?(?<id>[2-9a-z]{6})`?(?:\s*:|\s)\s*(?<text>[\s\S]+)$/

/** Understands answers to asks: replies that quote the message of one, or begin with its id, and reactions to it. */
export function hearAnswers({ asks, messages, speech, learn }: HearAnswersDeps): Listener {
  const seen = (message: AskMessage | null): Seen | null => {
    const ask = message && asks.find(message.askId)
    return ask && { ask, message }
  }

  function meant({ text, quotes }: Said): { readonly seen: Seen; readonly text: string } | null {
    const quoted = quotes === null ? null : seen(messages.with(quotes))
    if (quoted) return { seen: quoted, text }
    const { id = '', text: rest = '' } = BY_ID.exec(text)?.groups ?? {}
    const named = seen(messages.find(id))
    return named && { seen: named, text: rest.trim() }
  }

  /** Answers; what is wrong with it is told where it was said. */
  function answer({ ask, message }: Seen, text: string, { kind, person, ...heard }: Heard): void {
    try {
      asks.answer(ask.id, text, person.name, message.digest)
    } catch (error) {
      if (!(error instanceof LooperError) || error.code === 'LOOPER_LEDGER_UNWRITABLE') throw error
      // Of a reaction, the message says by itself what became of it.
      if (!('place' in heard)) return
      const now = asks.find(ask.id)
      // It was heard before, and the service ended.
      if (now?.state === 'answered' && now.answeredBy === person.name && now.answer === text) return
      speech.reply(heard, `${ask.id}: ${error.message}`, ask.runId)
    }
  }

  return {
    watched: () => {
      learn()
      return messages.unfinished().flatMap(({ messageId }) => messageId ?? [])
    },
    understand(heard) {
      learn()
      if (heard.kind === 'said') {
        const found = meant(heard)
        return found && (() => answer(found.seen, answerByText(found.seen.ask, found.text), heard))
      }
      const found = seen(messages.with(heard.messageId))
      const text = found && answerBySign(found.ask, heard.sign)
      return text === null || found?.ask.state !== 'open' ? null : () => answer(found, text, heard)
    },
  }
}
