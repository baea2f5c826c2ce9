import type { Ledger } from '../record/ledger.ts'
import type { OutboxMessage, OutboxState } from '../record/outbox.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Ear, Said, Sign } from './ear.ts'
import type { Ends } from './notice.ts'
import type { OpenOutbox } from './outbox.ts'

/** A message about a run: the words of its agent, and Looper's own below them. */
export interface RunWords {
  /** One message a key. */
  readonly key: string
  readonly run: Pick<RunRecord, 'runId' | 'name'>
  readonly words: string
  /** Nothing of an agent's or a person's in it, but what {@link Speech.plain} gave. */
  readonly below: string
}

/** What became of a message. */
export interface Fate {
  readonly state: OutboxState
  /** The other side's number of it; null: it has none, or is not sent. */
  readonly messageId: number | null
}

/** Talks with those whose words count. All but {@link Speech.offer} goes through the outbox: nobody waits for it. */
export interface Speech {
  /** Calls them, and asks them something. */
  ask(words: RunWords): void
  /** Puts other words in place of a message's, and calls nobody. */
  amend(messageId: number, words: RunWords): void
  /** Answers a message where it was said, once. @param runId which run it is about; null: none */
  reply(to: Pick<Said, 'messageId' | 'place'>, text: string, runId: string | null): void
  /** Whether it was answered already. */
  isAnswered(to: Pick<Said, 'messageId' | 'place'>): boolean
  /** What became of the message of a key; null: there is none. */
  fate(key: string): Fate | null
  /** Shows by which reactions a message can be answered. @throws {Error} with a sentence, where that failed */
  offer(messageId: number, signs: readonly Sign[], signal: AbortSignal): Promise<void>
  /** A text from elsewhere that calls nobody, and gives nothing away. */
  plain(text: string): string
  /** Resolves when a message was sent, or given up, after this was called. */
  next(): Promise<void>
}

/** What it takes. */
export interface SpeechDeps {
  readonly ear: Pick<Ear, 'call' | 'offer' | 'plain'>
  readonly ends: Pick<Ends, 'told'>
  readonly outbox: Pick<OpenOutbox, 'add' | 'settled'>
  readonly ledger: Pick<Ledger, 'inOutbox'>
  readonly clock: { now(): number }
  /** Where notices go now. */
  readonly conversation: () => string
}

/** Talks with those whose words count, with the words of an ear. */
export function createSpeech({ ear, ends, outbox, ledger, clock, conversation }: SpeechDeps): Speech {
  const contentOf = ({ run, words, below }: RunWords) => `${ends.told(run, words)}\n${below}`
  const send = (message: Pick<OutboxMessage, 'key' | 'runId' | 'content'> & Partial<OutboxMessage>) =>
    outbox.add({
      conversation: conversation(),
      edits: null,
      instead: null,
      isUrgent: true,
      createdAt: clock.now(),
      ...message,
    })
  return {
    ask(asked) {
      const content = [ear.call, contentOf(asked)].filter((part) => part !== '').join('\n')
      send({ key: asked.key, runId: asked.run.runId, content })
    },
    amend(messageId, said) {
      const { key, run, below } = said
      send({ key, runId: run.runId, content: contentOf(said), edits: messageId, instead: below })
    },
    reply(to, text, runId) {
      send({ key: replyKey(to), runId, content: ear.plain(text), conversation: to.place })
    },
    isAnswered: (to) => ledger.inOutbox(replyKey(to)) !== null,
    fate(key) {
      const row = ledger.inOutbox(key)
      return row && { state: row.state, messageId: row.sentId }
    },
    offer: ear.offer,
    plain: ear.plain,
    next: outbox.settled,
  }
}

const replyKey = ({ place, messageId }: Pick<Said, 'messageId' | 'place'>) => `reply ${place} ${messageId}`
