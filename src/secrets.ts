import { stampOf } from './base/stamp.ts'
import type { Config } from './config.ts'

/** What must never reach an agent, a log or an answer. What was a secret once stays one as long as the service lives. */
export interface Secrets {
  /** All of them, as the files are now; the same list until there is a new one. */
  values(): readonly string[]
  /** The variables that hold secrets of triggers. */
  variables(): readonly string[]
}

/**
 * Follows the settings, and the files of triggers and notices.
 * @throws {ConfigError} where one of the files is unusable now; later, what was known stays
 */
export function followSecrets(
  { http, notice, triggers }: Pick<Config, 'http' | 'notice' | 'triggers'>,
  env: NodeJS.ProcessEnv,
): Secrets {
  let values: readonly string[] = []
  let variables: readonly string[] = []
  const files = [...triggers.flatMap(({ file }) => file ?? []), ...notice.files]
  let stamp = stampsOf(files)
  read()

  function read(): void {
    const ofTriggers = triggers.map((trigger) => trigger.secrets(env))
    variables = [...new Set([...variables, ...ofTriggers.flatMap((secrets) => secrets.variables)])]
    const now = [http.token ?? '', ...notice.secrets(), ...ofTriggers.flatMap((secrets) => secrets.values)]
    values = [...new Set([...values, ...now.filter((secret) => secret !== '')])]
  }

  function refresh(): void {
    try {
      const seen = stampsOf(files)
      if (seen === stamp) return
      read()
      stamp = seen
    } catch {
      // Half written, or wrong: whoever uses the file says so. It is read again until it can be.
    }
  }

  return {
    values() {
      refresh()
      return values
    },
    variables() {
      refresh()
      return variables
    },
  }
}

const stampsOf = (files: readonly string[]) => files.map(stampOf).join('\n')
