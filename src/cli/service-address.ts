import { isAnyAddress } from '../base/any-address.ts'
import { wrongUse } from './failure.ts'

/** The service to talk to. */
export interface ServiceAddress {
  /** Without a slash at its end. */
  readonly url: string
  readonly token: string | null
}

const DEFAULT_PORT = '3456'

/**
 * Where the service is: `--url`, else `LOOPER_URL`, else the host and port of the settings; the environment goes before
 * `.env`. An address that ends with `/run`, as the wrapper script takes it, means its service. The token of `.env` goes
 * to the service of `.env` only.
 * @throws {Failure} for an address or a token that cannot be one
 */
export function findService(
  flag: string | undefined,
  env: NodeJS.ProcessEnv,
  dotEnv: NodeJS.ProcessEnv,
): ServiceAddress {
  const settings = { ...dotEnv, ...env }
  const given = flag ?? (env.LOOPER_URL || undefined)
  const own = dotEnv.LOOPER_URL || null
  const url = addressOf(given ?? own ?? settingsUrl(settings))
  const isOwn = given === undefined || sameService(url, own === null ? settingsUrl(dotEnv) : addressOf(own))
  const token = env.LOOPER_API_TOKEN || (isOwn && dotEnv.LOOPER_API_TOKEN) || null
  // Not shown, not even in an error.
  if (token !== null && !/^[ -~]+$/.test(token)) throw wrongUse('LOOPER_API_TOKEN must be printable ASCII')
  return { url, token }
}

/** Where a service that listens there can be reached from its own machine. */
export function localUrl(host: string, port: string | number): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const reachable = bare === '' || isAnyAddress(bare) ? '127.0.0.1' : bare
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

function settingsUrl({ LOOPER_HOST = '', LOOPER_PORT }: NodeJS.ProcessEnv): string {
  return localUrl(LOOPER_HOST, LOOPER_PORT || DEFAULT_PORT)
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    // Whoever writes a secret into an address does not want to see it again.
    throw wrongUse(
      'the address of the service is not valid',
      'Use one such as http://127.0.0.1:3456, without user name and query.',
    )
  }
  if (url.port === '0') throw wrongUse('LOOPER_PORT is 0, so the address is unknown', 'Set it with --url.')
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/run$/, '')
}

function sameService(a: string, b: string): boolean {
  const named = (url: string) => url.replace(/^(http:\/\/)(localhost|\[::1\])(?=[:/]|$)/, '$1127.0.0.1')
  return named(a) === named(b)
}
