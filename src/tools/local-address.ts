import { isAnyAddress } from '../base/any-address.ts'

/** Where a process of this machine finds a service that listens there, without a path: every address includes that of loopback. */
export function localAddress(url: string): string {
  const { hostname, port } = new URL(url)
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  if (!isAnyAddress(name)) return `http://${hostname}:${port}`
  return `http://127.0.0.1:${port}`
}
