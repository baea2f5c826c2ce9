import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import type { Meters } from '../base/meters.ts'
import type { PlaceToCut, Redact } from '../logging/redact.ts'
import { readTail } from '../logs/run-log.ts'
import type { Steps } from '../runs/steps.ts'
import { type EndNotices, sendEndNotices } from './end-notices.ts'
import { tellFailures } from './failures.ts'
import { type LastNotice, rememberLast } from './last.ts'
import type { Notice, NoticePlugin, NoticeRoute, Notify } from './notice.ts'
import { plannedRoute } from './planned-route.ts'
import type { NotifyEnd } from './settings.ts'
import { withoutSecrets } from './without-secrets.ts'

/** Everything that sends notices. */
export interface Notices {
  readonly notify: Notify
  /** The same through a helper script. */
  readonly notifyByScript: (script: string) => Notify
  /** Where {@link notify} would send to now, as one line. */
  readonly route: () => string
  /** How notices would go now, and how the last one went. */
  state(): NoticeRoute & { readonly last: LastNotice | null }
  /** Null where ends are not told. */
  readonly ends: EndNotices | null
}

/** What notices need. */
export interface NoticesOptions {
  readonly notice: Notice
  readonly notifyEnd: NotifyEnd
  readonly byScript: NonNullable<NoticePlugin['byScript']>
  /** What helper scripts get as their environment; it names proxies and authorities. */
  readonly env: NodeJS.ProcessEnv
  readonly steps: Steps
  readonly clock: Clock
  readonly logger: Logger
  readonly redact: Redact
  /** Where the end of a log that is told may begin. */
  readonly placeToCut: PlaceToCut
  readonly hurry: AbortSignal
  readonly meters: Pick<Meters, 'counter'>
}

/** Notices as the settings want them. Whoever opened them closes `ends`. */
export function openNotices(options: NoticesOptions): Notices {
  const { notice, notifyEnd: mode, byScript, env, logger, redact, placeToCut, meters } = options
  const count = meters.counter({
    name: 'looper_notice_failures_total',
    help: 'Notices that could not be sent.',
  })
  const failed = () => count()
  const skipped = (message: string) => logger.warn({ message }, 'notice.skipped')
  const told = (notify: Notify) => tellFailures(withoutSecrets(notify, redact), failed)
  const sender = notice.open({ env, redact, logger, skipped })
  const { notify, last } = rememberLast(told(sender.notify), options.clock)
  const tail = (logPath: string) => readTail(logPath, Number.POSITIVE_INFINITY, placeToCut)
  return {
    notify,
    notifyByScript: (script) => told(byScript(script, { env, redact, logger })),
    route: () => plannedRoute(notice.route()),
    state: () => ({ ...notice.route(), last: last() }),
    ends:
      mode === 'off' || sender.ends === null
        ? null
        : sendEndNotices({
            ...options,
            notify,
            mode,
            ends: { ...sender.ends, amend: tellFailures(sender.ends.amend, failed) },
            tail,
          }),
  }
}
