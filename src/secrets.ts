import type { Config } from './config.ts'
import { type Hook, readHooks } from './hooks/hooks-file.ts'
import { findCredentials } from './notices/zuliprc.ts'

/** The variables that hold secrets of hooks. */
export function hookVariables(hooksFile: string | null): string[] {
  return hooksOf(hooksFile).flatMap(({ secret_env }) => secret_env ?? [])
}

/** What must never be seen in a log or an answer. */
export function secretsOf(config: Config, env: NodeJS.ProcessEnv): (string | null | undefined)[] {
  const zulip = findCredentials(config.zulip)
  const { token, hooksFile } = config.http
  return [
    token,
    config.zulip.key,
    ...(zulip.kind === 'ready' ? [zulip.account.key, basicOf(zulip.account)] : []),
    ...hooksOf(hooksFile).flatMap(({ secret }) => secret ?? []),
    ...hookVariables(hooksFile).map((name) => env[name]),
  ]
}

const hooksOf = (file: string | null): Hook[] => (file === null ? [] : [...readHooks(file).values()])

/** The key as it travels: a proxy's error page may show the request's headers. */
const basicOf = ({ email, key }: { readonly email: string; readonly key: string }) =>
  Buffer.from(`${email}:${key}`).toString('base64')
