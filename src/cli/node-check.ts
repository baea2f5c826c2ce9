import { broken, type Finding, ok } from '../base/finding.ts'

/** Where the sources run. */
const NEEDED_NODE = [24, 2] as const

/** Whether the service runs on this Node. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isEnough = major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1])
  return isEnough
    ? ok('node', version)
    : broken(
        'node',
        `${version} is too old for the service and for the other checks`,
        `Use Node ${NEEDED_NODE.join('.')} or newer; in a checkout "npx looper doctor" uses the one that "npm ci" installed.`,
      )
}
