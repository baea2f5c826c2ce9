import path from 'node:path'
import type { Test } from 'tap'
import { setUpFault } from './fault-service.ts'
import { textOf, until } from './service.ts'

/** Settings with which agents get tools. */
export const TOOLS_ON = { LOOPER_AGENT_TOOLS: '1' }
/** A prompt: keeps its token where the test finds it, and lives until it is stopped. */
export const KEEPING_AGENT = 'printf %s "$LOOPER_RUN_TOKEN" >token.new; mv token.new token; exec sleep 300'

/** A service with a run whose agent has tools, and its token. */
export async function withToolRun(
  t: Test,
  more: object = {},
  settings: NodeJS.ProcessEnv = {},
  files: Record<string, string> = {},
) {
  const fault = await setUpFault(t, { ...TOOLS_ON, ...settings }, files)
  const file = path.join(fault.workspace, 'token')
  const live = await fault.run(KEEPING_AGENT, more)
  await until('its token', () => textOf(file) !== '')
  return { ...fault, live, token: textOf(file) }
}
