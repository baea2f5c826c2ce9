/** Addresses to listen on, every interface there is, and none to connect to; as the URL standard writes them. */
const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '[::]', '*'])

/** Whether a host to listen on stands for every interface, in any spelling: `0`, `::0`. */
export function isAnyAddress(host: string): boolean {
  const url = `http://${host.includes(':') ? `[${host}]` : host}`
  return URL.canParse(url) && ANY_ADDRESS.has(new URL(url).hostname)
}
