/** Addresses to listen on, every interface there is, and none to connect to. */
const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '*'])

/** Whether a host to listen on stands for every interface. */
export const isAnyAddress = (host: string): boolean => ANY_ADDRESS.has(host)
