import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import type { Meters } from '../base/meters.ts'
import type { PlaceToCut, Redact } from '../logging/redact.ts'
import { readTail } from '../logs/run-log.ts'
import type { Ledger } from '../record/ledger.ts'
import type { Steps } from '../runs/steps.ts'
import type { Ear } from './ear.ts'
import { sendEndNotices } from './end-notices.ts'
import { tellFailures } from './failures.ts'
import { HEARD_TABLES, heardRecords } from './heard-records.ts'
import { createHearing, type Hearing } from './hearing.ts'
import { type LastNotice, rememberLast } from './last.ts'
import type { Announce, Ends, Notice, NoticePlugin, NoticeRoute, Notify } from './notice.ts'
import { onRecord } from './on-record.ts'
import { openOutbox } from './outbox.ts'
import { plannedRoute } from './planned-route.ts'
import type { NotifyEnd } from './settings.ts'
import { createSpeech, type Speech } from './speech.ts'
import { withoutMentions } from './without-mentions.ts'
import { withoutSecrets } from './without-secrets.ts'

/** Who says something: a run, or, without an id, something else. */
export interface Speaker {
  readonly runId: string | null
  readonly name: string
}

/** What people are told of a run. */
export interface Said {
  /** What is told again under the same key is told once, where it can wait to be sent. */
  readonly key: string
  readonly message: string
  /** Goes ahead of what may wait: somebody is asked, or has to look. */
  readonly isUrgent: boolean
  /** Called as soon as it need not be told again: it was sent, or what waits is on the record. It must not throw. */
  told?(): void
}

/** People who are heard, and talked with. */
export interface Dialogue {
  readonly hearing: Hearing
  readonly speech: Speech
}

/** Everything that sends notices. */
export interface Notices {
  readonly notify: Notify
  /** The same for the notices with which runs begin: they stand on the record of what is to be told. */
  readonly announce: Announce
  /** The same through a helper script. */
  readonly announceByScript: (script: string) => Announce
  /** Where {@link notify} would send to now, as one line. */
  readonly route: () => string
  /** How notices would go now, and how the last one went. */
  state(): NoticeRoute & { readonly last: LastNotice | null }
  /**
   * Tells people what the agent of a run says, or what something else has to say that has this name.
   * @throws {Error} with a sentence, where that cannot wait and could not be sent
   */
  tell(from: Speaker, said: Said, signal: AbortSignal): Promise<'sent' | 'waits'>
  /** People who are heard there, and talked with; null: nobody is listened to. */
  readonly dialogue: Dialogue | null
  /** Tells what an earlier life of the service left untold. Never throws. */
  resume(): void
  /** Tells nothing more; resolves when what can be sent now arrived, or failed, which it does after so many milliseconds. */
  close(limitMs: number): Promise<void>
}

/** What notices need. */
export interface NoticesOptions {
  readonly notice: Notice
  readonly notifyEnd: NotifyEnd
  readonly byScript: NonNullable<NoticePlugin['byScript']>
  /** What helper scripts get as their environment; it names proxies and authorities. */
  readonly env: NodeJS.ProcessEnv
  readonly ledger: Ledger
  readonly steps: Steps
  readonly clock: Clock
  readonly logger: Logger
  readonly redact: Redact
  /** Where the end of a log that is told may begin. */
  readonly placeToCut: PlaceToCut
  readonly hurry: AbortSignal
  readonly meters: Pick<Meters, 'counter'>
}

/** Notices as the settings want them. Whoever opens them closes them. */
export function openNotices(options: NoticesOptions): Notices {
  const {
    notice,
    notifyEnd: mode,
    byScript,
    env,
    logger,
    redact,
    placeToCut,
    meters,
    ledger,
    clock,
  } = options
  const count = meters.counter({
    name: 'looper_notice_failures_total',
    help: 'Notices that could not be sent.',
  })
  const failed = () => count()
  const skipped = (message: string) => logger.warn({ message }, 'notice.skipped')
  const told = (notify: Notify) => tellFailures(withoutSecrets(notify, redact), failed)
  const sender = notice.open({ env, redact, logger, skipped })
  const { notify, last } = rememberLast(told(sender.notify), clock)
  const tail = (logPath: string) => readTail(logPath, Number.POSITIVE_INFINITY, placeToCut)
  const conversation = () => notice.route().route ?? notice.name
  /** What is told later; null where no end can be told. */
  const later = sender.ends && openLater(sender.ends)
  /** Where people are heard, they are answered. */
  function at(place: string): Notify | null {
    const send = sender.ear?.at(place) ?? null
    return send && told(send)
  }
  function openLater(ends: Ends) {
    const amend = tellFailures(ends.amend, failed)
    const outbox = openOutbox({ ...options, notify, amend, arrived: ends.arrived, at })
    const running =
      mode === 'off' ? outbox : sendEndNotices({ ...options, mode, conversation, ends, tail, outbox })
    return { ends, outbox, running }
  }
  function openDialogue({ ends, outbox }: NonNullable<typeof later>, ear: Ear): Dialogue {
    const records = heardRecords(ledger.tablesOf(HEARD_TABLES))
    const hearing = createHearing({ ...options, ear, records })
    return { hearing, speech: createSpeech({ ...options, ear, ends, outbox, conversation }) }
  }
  return {
    notify,
    dialogue: later && sender.ear && openDialogue(later, sender.ear),
    announce: onRecord(notify, {
      ledger,
      clock,
      conversation: () => (notice.route().kind === 'log' ? null : conversation()),
    }),
    announceByScript: (script) =>
      onRecord(told(byScript(script, { env, redact, logger })), {
        ledger,
        clock,
        conversation: () => `script=${script}`,
      }),
    route: () => plannedRoute(notice.route()),
    state: () => ({ ...notice.route(), last: last() }),
    async tell({ runId, name }, { key, message, isUrgent, told }, signal) {
      if (later === null) {
        await notify(`${name}: ${withoutMentions(redact(message))}`, signal)
        told?.()
        return 'sent'
      }
      const content = later.ends.told({ name }, message)
      const row = { edits: null, content, instead: null, isUrgent, createdAt: clock.now() }
      later.outbox.add({ key, runId, conversation: conversation(), ...row }, told)
      return 'waits'
    },
    resume() {
      ledger.abandonDirect(clock.now())
      later?.running.resume()
    },
    close: async (limitMs) => later?.running.close(limitMs),
  }
}
