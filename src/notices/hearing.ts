import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { LooperError, messageOf } from '../base/errors.ts'
import type { Ledger } from '../record/ledger.ts'
import type { Ear, Heard, Hearer } from './ear.ts'
import type { HeardRecords } from './heard-records.ts'

/** Somebody who may have something to do with what people say. */
export interface Listener {
  /** What is to be done about it, where its person may say it; null: it is nothing for this one. */
  understand(heard: Heard): (() => void | Promise<void>) | null
  /** The messages whose reactions may have been missed; left out: none. */
  watched?(): readonly number[]
}

/** Whether people are heard now. */
export interface HearingState {
  /** Milliseconds since the epoch; null: they are not. */
  readonly connectedSince: number | null
  /** Why it was not so the last time; null: it always was. */
  readonly lastError: string | null
}

/** What people say where notices go. */
export interface Hearing {
  /** From now on this one is asked about all that is heard. */
  subscribe(listener: Listener): void
  /** This one is asked about what no other understands. */
  subscribeLast(listener: Listener): void
  state(): HearingState
  /** Hears until the signal aborts. Never rejects. */
  listen(signal: AbortSignal): Promise<void>
}

/** What it takes. */
export interface HearingDeps {
  readonly ear: Pick<Ear, 'people' | 'listen'>
  readonly records: HeardRecords
  readonly ledger: Pick<Ledger, 'note' | 'setNote'>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Gives what is heard to the first listener who understands it: only what those say who may, and each message once, also over
 * restarts. A stranger gets no answer; the log tells of them.
 */
export function createHearing({ ear, records, ledger, clock, logger }: HearingDeps): Hearing {
  const listeners: Listener[] = []
  const others: Listener[] = []
  let state: HearingState = { connectedSince: null, lastError: null }

  async function hear(account: string, heard: Heard): Promise<void> {
    const { kind, messageId, person } = heard
    const isMessage = kind === 'said'
    if (isMessage && records.has(account, messageId)) return
    const about = { kind, message_id: messageId, person: person.name }
    try {
      const todo = [...listeners, ...others].map((one) => one.understand(heard)).find((one) => one !== null)
      if (!todo) return
      if (ear.people.has(person.id)) await todo()
      else logger.warn(about, 'hear.refused')
    } catch (error) {
      // What could not be written has not happened: it is heard again.
      if (error instanceof LooperError && error.code === 'LOOPER_LEDGER_UNWRITABLE') throw error
      logger.error({ ...about, error: messageOf(error) }, 'hear.fail')
    }
    if (isMessage) records.add(account, messageId, clock.now())
  }

  const last = (account: string): number | null => {
    const noted = ledger.note(noteOf(account))
    return noted === null ? null : Number(noted)
  }

  const hearer: Hearer = {
    last,
    passed(account, messageId) {
      if (messageId > (last(account) ?? -1)) ledger.setNote(noteOf(account), String(messageId))
    },
    watched: () => listeners.flatMap((one) => one.watched?.() ?? []),
    hear,
    connected() {
      state = { ...state, connectedSince: clock.now() }
      logger.info('hear.connected')
    },
    failed(why) {
      const isNews = state.connectedSince !== null || state.lastError !== why
      state = { connectedSince: null, lastError: why }
      if (isNews) logger.warn({ error: why }, 'hear.lost')
    },
    warn: (text) => logger.warn(text),
  }

  return {
    subscribe: (listener) => listeners.push(listener),
    subscribeLast: (listener) => others.push(listener),
    state: () => state,
    listen: (signal) => ear.listen(hearer, clock, signal),
  }
}

const noteOf = (account: string) => `heard.last ${account}`
