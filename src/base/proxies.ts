import { BlockList, isIP } from 'node:net'

/** A proxy that requests go through. */
export interface HttpProxy {
  /** Without user name and password. */
  readonly url: URL
  /** What errors call it: its address and the variable that names it, and no secret. */
  readonly name: string
  /** The headers that it wants for itself. */
  readonly headers: Readonly<Record<string, string>>
}

const EXAMPLE = 'give an address such as http://proxy.example.com:3128'

/** Nothing but this machine, whatever the environment says. */
const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addSubnet('0.0.0.0', 8, 'ipv4')
LOOPBACK.addSubnet('::', 127, 'ipv6')

/**
 * The proxy that the environment names for an address; null where it is to be asked directly: `HTTP_PROXY`, `HTTPS_PROXY`
 * and `NO_PROXY` as curl reads them (curl.se/docs/manpage.html, "ENVIRONMENT"), lower case first. This machine is always
 * asked directly.
 * @throws {Error} with a sentence that says what is wrong with the variable, and not its value, which may hold a password
 */
export function proxyFor(target: URL, env: NodeJS.ProcessEnv): HttpProxy | null {
  const variable = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const given = read(env, variable)
  if (given === '') return null
  const host = target.hostname.replace(/^\[|\]$|\.$/g, '')
  if (isLoopback(host)) return null
  const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80)
  const exempt = read(env, 'NO_PROXY')
    .toLowerCase()
    .split(/[\s,]+/)
  return exempt.some((entry) => covers(entry, host, port)) ? null : parse(variable, given)
}

const read = (env: NodeJS.ProcessEnv, name: string) => (env[name.toLowerCase()] || env[name] || '').trim()

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

function isLoopback(host: string): boolean {
  if (isIP(host) !== 0) return LOOPBACK.check(host, familyOf(host))
  return host === 'localhost' || host.endsWith('.localhost')
}

/** Whether an entry of `NO_PROXY` holds a host: everything, a name with what is below it, an address or a block of them. */
function covers(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true
  // The colons of an IPv6 address come without a port, unless it stands in brackets.
  const isBare = isIP(entry.replace(/\/.*/, '')) === 6
  const itsPort = isBare ? undefined : /:(\d+)$/.exec(entry)?.[1]
  if (itsPort !== undefined && Number(itsPort) !== port) return false
  const named = itsPort === undefined ? entry : entry.slice(0, -itsPort.length - 1)
  const [name = '', bits] = named.replace(/[[\]]/g, '').split('/')
  if (isIP(name) !== 0) return isIP(host) !== 0 && isIn(host, name, bits)
  const domain = name.replace(/^\*?\.|\.$/g, '')
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`))
}

function isIn(host: string, network: string, bits: string | undefined): boolean {
  const whole = isIP(network) === 6 ? 128 : 32
  const prefix = Number(bits ?? whole)
  if (!Number.isInteger(prefix) || prefix > whole) return false
  const block = new BlockList()
  block.addSubnet(network, prefix, familyOf(network))
  return block.check(host, familyOf(host))
}

function parse(variable: string, given: string): HttpProxy {
  const text = given.includes('://') ? given : `http://${given}`
  if (!URL.canParse(text)) throw new Error(`${variable} is not the address of a proxy; ${EXAMPLE}`)
  const { protocol, host, username, password } = new URL(text)
  if (!/^https?:$/.test(protocol)) {
    throw new Error(`${variable} names a proxy that speaks ${protocol.slice(0, -1)}, not HTTP; ${EXAMPLE}`)
  }
  const address = `${protocol}//${host}`
  const login = `${decoded(username)}:${decoded(password)}`
  return {
    url: new URL(address),
    name: `the proxy ${address} (${variable})`,
    headers: login === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` },
  }
}

/** A part of an address; as it is where its author wrote a plain `%`. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
