import type { Logger } from 'pino'
import { messageOf } from '../base/errors.ts'
import type { Notify } from './notice.ts'

/** What telling needs. */
export interface TellingDeps {
  readonly notify: Notify
  readonly logger: Logger
  readonly signal: AbortSignal
}

/**
 * Tells people what nobody waits for: a notice that fails is told in the log, and changes nothing.
 * @param event how the log calls that; each call says what it is about
 */
export const tellAside =
  ({ notify, logger, signal }: TellingDeps, event: string) =>
  (text: string, about: object): void => {
    notify(text, signal).catch((error: unknown) => {
      logger.error({ ...about, error: messageOf(error) }, event)
    })
  }
