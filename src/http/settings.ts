import { isAnyAddress } from '../base/any-address.ts'
import { hostNameOf, isLoopbackAddress, isLoopbackName, listenHostOf, originOf } from '../base/host-name.ts'
import { filePath, flag, integer, list, matching, setting } from '../settings/form.ts'
import { part } from '../settings/part.ts'

/** Where the service listens, and who may ask. */
export interface HttpSettings {
  readonly host: string
  readonly port: number
  readonly isLoopback: boolean
  /** Names the service answers to, besides its own. */
  readonly allowedHosts: readonly string[]
  /** Whose pages may use what is meant for pages that are served elsewhere. */
  readonly allowedOrigins: readonly string[]
  readonly token: string | null
  readonly tokensFile: string | null
}

const forms = {
  LOOPER_HOST: setting(
    {
      expected: 'an address or host name to listen on, without scheme and port',
      read: listenHostOf,
    },
    '`127.0.0.1`; with a token or a tokens file `0.0.0.0`',
    'the address to listen on',
    '127.0.0.1',
  ),
  LOOPER_PORT: setting(
    integer(0, 65_535, 'a port, 0 to 65535 (0: any free one)'),
    '`3456`',
    'the port; 0: any free port',
  ),
  LOOPER_API_TOKEN: setting(
    {
      ...matching(
        /^(?!(["'`])\s*\1$)[ -~]+$/,
        'a token of at least one character, all of them ASCII; leave the variable out for none',
      ),
      isSecret: true,
      isVerbatim: true,
      isNeverEmpty: true,
    },
    'none',
    'the token that callers must send; leave the line out for none, for an empty one is refused',
    'a-long-random-text',
  ),
  LOOPER_TOKENS_FILE: setting(
    filePath(),
    'none',
    'a file of named tokens with scopes; `looper token add NAME` makes it, also before the first start',
    '~/looper-tokens.json',
  ),
  LOOPER_ALLOW_UNAUTHENTICATED: setting(
    flag(),
    '`0`',
    '`1`: listen beyond this machine without a token; whoever reaches it can then run code here',
  ),
  LOOPER_ALLOWED_HOSTS: setting(
    list(',', 'host names, separated by commas; there are no wildcards', hostNameOf),
    'none',
    'further host names that requests may use, separated by commas; see [proxy.md](proxy.md). Without a token only names of this machine',
    'looper.example.com',
  ),
  LOOPER_ALLOWED_ORIGINS: setting(
    list(',', 'origins such as http://localhost:8080, separated by commas; there are no wildcards', originOf),
    'none',
    'origins whose pages may use `/api/…`, separated by commas, exactly as browsers send them; for a page of Loop Runner that is served elsewhere, see [loops.md](loops.md)',
    'http://localhost:8080',
  ),
}

/** The settings of the server. */
export const httpSettings = part('Server', forms, (values, { resolve, problems, warnings }): HttpSettings => {
  const token = values.LOOPER_API_TOKEN ?? null
  const tokensFile = values.LOOPER_TOKENS_FILE ? resolve(values.LOOPER_TOKENS_FILE) : null
  const hasTokens = token !== null || tokensFile !== null
  const host = values.LOOPER_HOST ?? (hasTokens ? '0.0.0.0' : '127.0.0.1')
  const allowedHosts = values.LOOPER_ALLOWED_HOSTS ?? []
  // A name from elsewhere leads here through a proxy, which is on loopback for us.
  const allowedOrigins = values.LOOPER_ALLOWED_ORIGINS ?? []
  const open = hasTokens ? [] : openings(host, allowedHosts, allowedOrigins)
  if (!values.LOOPER_ALLOW_UNAUTHENTICATED) {
    for (const { setting, name } of open) {
      problems.push(
        `${setting}: "${name}" given without a token, so that whoever reaches it could run code here; ` +
          'set LOOPER_API_TOKEN or LOOPER_TOKENS_FILE (or LOOPER_ALLOW_UNAUTHENTICATED=1, if you mean it)',
      )
    }
  }
  if (isAnyAddress(host)) warnings.push('Looper listens on every network interface (LOOPER_HOST)')
  for (const { name } of open)
    warnings.push(`Whoever reaches ${name} can run code here: LOOPER_ALLOW_UNAUTHENTICATED is on`)
  const port = values.LOOPER_PORT ?? 3456
  return { host, port, isLoopback: isLoopback(host), allowedHosts, allowedOrigins, token, tokensFile }
})

/** What lets others in: the host, names from elsewhere that a proxy would bring along, and pages from there. */
function openings(
  host: string,
  allowedHosts: readonly string[],
  allowedOrigins: readonly string[],
): { setting: string; name: string }[] {
  const elsewhere = allowedOrigins.filter((origin) => !isLoopbackName(String(hostNameOf(origin))))
  const foreign = allowedHosts.filter((name) => !isLoopbackName(name))
  return [
    ...(isLoopback(host) ? [] : [{ setting: 'LOOPER_HOST', name: host }]),
    ...foreign.map((name) => ({ setting: 'LOOPER_ALLOWED_HOSTS', name })),
    ...elsewhere.map((name) => ({ setting: 'LOOPER_ALLOWED_ORIGINS', name })),
  ]
}

const isLoopback = (host: string) => host === 'localhost' || isLoopbackAddress(host)
