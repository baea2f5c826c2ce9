import type { Logger } from 'pino'
import { messageOf } from '../../base/errors.ts'
import type { Notify } from '../../notices/notice.ts'
import { timeOf } from './hold-schemas.ts'
import type { Held } from './holds.ts'

/** Tells people of a hold, once: a notice that fails is told in the log, and changes nothing. */
export const tellingHolds =
  ({
    notify,
    logger,
    signal,
  }: {
    readonly notify: Notify
    readonly logger: Logger
    readonly signal: AbortSignal
  }) =>
  (held: Held): void => {
    notify(messageFor(held), signal).catch((error: unknown) => {
      logger.error({ agent: held.agent, error: messageOf(error) }, 'hold.notice.fail')
    })
  }

/** A new hold in words. */
export function messageFor({ agent, until, tryAt }: Pick<Held, 'agent' | 'until' | 'tryAt'>): string {
  const when = timeOf(tryAt)
  const told =
    until === null
      ? `Nobody knows when it is reset: a run is tried at ${when}`
      : `Its runs wait until ${when}, and begin then in their order`
  return `The usage limit of ${agent} is reached. ${told}. POST /holds/${agent}/release ends that early.`
}
