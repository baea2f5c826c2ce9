import { type FeaturePlugin, noSettings } from '../feature.ts'
import type { Parts } from '../parts.ts'
import type { Opened } from '../plugin.ts'
import { CLAIM_TABLES, openClaims } from './claims.ts'
import { CLAIM_HELD, TOO_MANY_CLAIMS } from './errors.ts'
import { claimRoutes } from './routes.ts'
import { claimTool, releaseTool } from './tools.ts'

/** Names that runs hold, so that two of them do not do the same work. */
export const claims: FeaturePlugin = {
  // It has none of its own: its tools are there with all others.
  settings: noSettings(openFeature),
  tables: CLAIM_TABLES,
  errors: [CLAIM_HELD, TOO_MANY_CLAIMS],
}

function openFeature(parts: Parts): Opened {
  const opened = openClaims(parts)
  return {
    tools: [claimTool(opened), releaseTool(opened)],
    routes: async (app) => {
      await app.register(claimRoutes, { claims: opened })
    },
  }
}
