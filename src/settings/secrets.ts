import { stampOf } from '../base/stamp.ts'
import { findCredentials } from '../notices/zulip/zuliprc.ts'
import { readHooks } from '../triggers/hooks/hooks-file.ts'
import type { Config } from './config.ts'

/** What must never reach an agent, a log or an answer. What was a secret once stays one as long as the service lives. */
export interface Secrets {
  /** All of them, as the files are now; the same list until there is a new one. */
  values(): readonly string[]
  /** The variables that hold secrets of hooks. */
  variables(): readonly string[]
}

/**
 * Follows the settings, the hooks file and the zuliprc file.
 * @throws {Error} where one of the files is unusable now; later, what was known stays
 */
export function followSecrets({ http, zulip }: Config, env: NodeJS.ProcessEnv): Secrets {
  let values: readonly string[] = []
  let variables: readonly string[] = []
  const files = [http.hooksFile ?? [], zulip.rcPath].flat()
  let stamp = stampsOf(files)
  read()

  function read(): void {
    const hooks = http.hooksFile === null ? [] : [...readHooks(http.hooksFile).values()]
    const names = hooks.flatMap(({ secret_env }) => secret_env ?? [])
    const found = findCredentials(zulip)
    variables = [...new Set([...variables, ...names])]
    const now = [
      http.token,
      zulip.key,
      ...(found.kind === 'ready' ? [found.account.key, basicOf(found.account)] : []),
      ...hooks.flatMap(({ secret }) => secret ?? []),
      ...names.map((name) => env[name]),
    ]
    values = [...new Set([...values, ...now.flatMap((secret) => secret || [])])]
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

/** The key as it travels: a proxy's error page may show the request's headers. */
const basicOf = ({ email, key }: { readonly email: string; readonly key: string }) =>
  Buffer.from(`${email}:${key}`).toString('base64')
