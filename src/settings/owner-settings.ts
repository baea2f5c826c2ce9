import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { createTokenCheck, type TokenCheck } from '../http/tokens.ts'
import { type Config, ConfigError } from './config.ts'
import type { SettingName } from './settings.ts'

/** The tokens that the settings name; null where nobody is asked for one. @throws {ConfigError} */
export function tokensOf({ http }: Config, clock: Clock, logger: Logger): TokenCheck | null {
  if (http.token === null && http.tokensFile === null) return null
  const complain = (message: string) => logger.error({ message }, 'tokens.fail')
  return asSetting('LOOPER_TOKENS_FILE', () =>
    createTokenCheck(http.token, http.tokensFile, clock.now, complain),
  )
}

/** What fails because of a file that a setting names is the owner's to mend, like the setting itself. @throws {ConfigError} */
export function asSetting<T>(name: SettingName, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new ConfigError([`${name}: ${messageOf(error)}`])
  }
}
