import type { Feature, FeaturePlugin } from '../feature.ts'
import type { Parts } from '../parts.ts'
import type { Opened } from '../plugin.ts'
import type { Part } from '../settings/part.ts'
import { costTool } from './cost.ts'
import { localAddress } from './local-address.ts'
import { MCP_PATH, mcpRoute } from './mcp-route.ts'
import { getRunTool } from './person/get-run.ts'
import { listRunsTool } from './person/list-runs.ts'
import { planRunTool } from './person/plan-run.ts'
import { readLogTool } from './person/read-log.ts'
import { startRunTool } from './person/start-run.ts'
import { stopRunTool } from './person/stop-run.ts'
import { requestRunTool } from './request-run.ts'
import { runInfoTool } from './run-info.ts'
import { toolsSettings } from './settings.ts'
import { tellTool } from './tell.ts'

const settings: Part<Feature> = {
  ...toolsSettings,
  read(reading) {
    const isOn = toolsSettings.read(reading)
    return { open: (parts) => ({ ...openPersonTools(parts, isOn), ...(isOn ? openRunTools(parts) : {}) }) }
  },
}

/** What agents can do through Looper, over MCP: those inside of runs, and those of persons. */
export const tools: FeaturePlugin = { settings }

/** A person may do so nothing that the API does not do for the same token, so nothing has to be switched on. */
const openPersonTools = (parts: Parts, hasRunTools: boolean): Opened => ({
  personTools: [
    listRunsTool(parts),
    getRunTool(parts),
    readLogTool(parts),
    planRunTool(parts),
    startRunTool(parts),
    stopRunTool(parts),
  ],
  publicRoutes: async (app, hold) => {
    // A run of an earlier life may have a token, still.
    const runTokens = hasRunTools ? parts.runTokens : { runOf: () => null }
    await app.register(mcpRoute, { ...parts, runTokens, hold })
  },
})

const openRunTools = (parts: Parts): Opened => ({
  tools: [tellTool(parts), requestRunTool(parts), runInfoTool(parts), costTool(parts)],
  listening: (url) => parts.runTokens.offer(localAddress(url) + MCP_PATH),
})
