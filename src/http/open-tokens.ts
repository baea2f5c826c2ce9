import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { asSetting } from '../settings/config-error.ts'
import type { HttpSettings } from './settings.ts'
import { createTokenCheck, type TokenCheck } from './tokens.ts'

/** The tokens that the settings name; null where nobody is asked for one. @throws {ConfigError} */
export function openTokens(
  { token, tokensFile }: Pick<HttpSettings, 'token' | 'tokensFile'>,
  clock: Clock,
  logger: Logger,
): TokenCheck | null {
  if (token === null && tokensFile === null) return null
  const complain = (message: string) => logger.error({ message }, 'tokens.fail')
  return asSetting('LOOPER_TOKENS_FILE', () => createTokenCheck(token, tokensFile, clock.now, complain))
}
