import type { Feature, FeaturePlugin } from '../feature.ts'
import type { Parts } from '../parts.ts'
import type { Opened } from '../plugin.ts'
import type { Part } from '../settings/part.ts'
import { localAddress } from './local-address.ts'
import { MCP_PATH, mcpRoute } from './mcp-route.ts'
import { requestRunTool } from './request-run.ts'
import { runInfoTool } from './run-info.ts'
import { toolsSettings } from './settings.ts'
import { tellTool } from './tell.ts'

const settings: Part<Feature> = {
  ...toolsSettings,
  read(reading) {
    const isOn = toolsSettings.read(reading)
    return { open: (parts) => (isOn ? openTools(parts) : {}) }
  },
}

/** What the agent inside a run can do through Looper, over MCP. */
export const tools: FeaturePlugin = { settings }

function openTools(parts: Parts): Opened {
  const { runTokens } = parts
  return {
    tools: [tellTool(parts), requestRunTool(parts), runInfoTool(parts)],
    publicRoutes: async (app) => {
      await app.register(mcpRoute, parts)
    },
    listening: (url) => runTokens.offer(localAddress(url) + MCP_PATH),
  }
}
