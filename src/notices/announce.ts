import type { Logger } from 'pino'
import { messageOf } from '../base/errors.ts'
import type { Ledger } from '../record/ledger.ts'
import type { Notices, Said } from './notices.ts'

/** Something that stands on the record of its owner, which people are told of once. */
export interface Announcement extends Pick<Said, 'key'> {
  /** Says it: the run of this id, or, where it is of none, what has this name. */
  readonly from: { readonly runId: string } | { readonly name: string }
  /** Null: nothing need be said. */
  readonly message: string | null
  /** Notes that people are told. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  note(): void
}

/** What announcing takes. */
export interface AnnounceDeps {
  readonly notices: Pick<Notices, 'tell'>
  readonly ledger: Pick<Ledger, 'listed'>
  readonly logger: Logger
}

/** Tells people of what stands on the record. */
export interface Announcer {
  /** Tells it, and has that noted. @throws {Error} with a sentence, where it cannot wait and could not be sent; that is noted, too */
  announce(announcement: Announcement, signal: AbortSignal): Promise<void>
  /** Tells what an earlier life of the service put on the record, and was killed before it told. Never rejects. */
  resume(untold: () => readonly Announcement[], signal: AbortSignal): Promise<void>
}

/** Announces nothing yet. */
export function createAnnouncer({ notices, ledger, logger }: AnnounceDeps): Announcer {
  const underWay = new Set<string>()

  async function announce(announcement: Announcement, signal: AbortSignal): Promise<void> {
    const { key, from, message } = announcement
    const by = 'runId' in from ? { run_id: from.runId } : { from: from.name }
    const note = () => {
      underWay.delete(key)
      try {
        announcement.note()
      } catch (error) {
        // It is told again at the next start, under the same key.
        logger.error({ ...by, error: messageOf(error) }, 'announce.fail')
      }
    }
    const speaker = 'runId' in from ? ledger.listed([from.runId])[0] : { runId: null, name: from.name }
    if (!speaker || message === null) return note()
    underWay.add(key)
    try {
      await notices.tell(speaker, { key, message, isUrgent: true, told: note }, signal)
    } catch (error) {
      if (!signal.aborted) note()
      throw error
    }
  }

  return {
    announce,
    async resume(untold, signal) {
      const failed = (error: unknown) => logger.error({ error: messageOf(error) }, 'announce.fail')
      try {
        // Somebody may have come by since the service listens.
        const left = untold().filter(({ key }) => !underWay.has(key))
        for (const one of left) await announce(one, signal).catch(failed)
      } catch (error) {
        failed(error)
      }
    },
  }
}
