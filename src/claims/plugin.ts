import type { Feature, FeaturePlugin } from '../feature.ts'
import { part } from '../settings/part.ts'
import { CLAIM_TABLES, openClaims } from './claims.ts'
import { CLAIM_HELD, TOO_MANY_CLAIMS } from './errors.ts'
import { claimRoutes } from './routes.ts'
import { claimTool, releaseTool } from './tools.ts'

/** Names that runs hold, so that two of them do not do the same work. */
export const claims: FeaturePlugin = {
  // It has none of its own: its tools are there with all others.
  settings: part('Tools', {}, (): Feature => ({ open: openFeature })),
  tables: CLAIM_TABLES,
  errors: [CLAIM_HELD, TOO_MANY_CLAIMS],
}

const openFeature: Feature['open'] = (parts) => {
  const opened = openClaims(parts)
  return {
    tools: [claimTool(opened), releaseTool(opened)],
    routes: async (app) => {
      await app.register(claimRoutes, { claims: opened })
    },
  }
}
