import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import type { PlaceToCut, Redact } from '../logging/redact.ts'
import { readTail } from '../logs/run-log.ts'
import type { Steps } from '../runs/steps.ts'
import type { ZulipSettings } from '../settings/config.ts'
import { type EndNotices, sendEndNotices } from './end-notices.ts'
import { tellFailures } from './failures.ts'
import { type LastNotice, rememberLast } from './last.ts'
import { type Notify, withoutSecrets } from './notice.ts'
import { scriptNotices } from './script/script.ts'
import { type NoticeRoute, noticeRoute, plannedRoute } from './state.ts'
import { zulipEdits, zulipNotices } from './zulip/zulip.ts'

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
  readonly settings: ZulipSettings
  /** What helper scripts get as their environment; it names proxies and authorities. */
  readonly env: NodeJS.ProcessEnv
  readonly steps: Steps
  readonly clock: Clock
  readonly logger: Logger
  readonly redact: Redact
  /** Where the end of a log that is told may begin. */
  readonly placeToCut: PlaceToCut
  readonly hurry: AbortSignal
  /** Is told of every notice that could not be sent. */
  readonly failed: () => void
}

/** Notices as the settings want them. Whoever opened them closes `ends`. */
export function openNotices(options: NoticesOptions): Notices {
  const { settings, env, logger, redact, placeToCut, failed } = options
  const skipped = (message: string) => logger.warn({ message }, 'notice.skipped')
  const told = (notify: Notify) => tellFailures(withoutSecrets(notify, redact), failed)
  const { notify, last } = rememberLast(told(zulipNotices(settings, env, skipped, redact)), options.clock)
  const mode = settings.notifyEnd
  const tail = (logPath: string) => readTail(logPath, Number.POSITIVE_INFINITY, placeToCut)
  return {
    notify,
    notifyByScript: (script) => told(scriptNotices(script, env, logger, { redact })),
    route: () => plannedRoute(settings),
    state: () => ({ ...noticeRoute(settings), last: last() }),
    ends:
      mode === 'off'
        ? null
        : sendEndNotices({
            ...options,
            notify,
            mode,
            amend: tellFailures(zulipEdits(settings, env, redact), failed),
            tail,
          }),
  }
}
