import type { ViewPlugin } from '../view.ts'
import { slotRoutes } from './routes.ts'

/** What runs in each slot. */
export const slots: ViewPlugin = {
  open: ({ runs, ledger, settings: { maxRuns } }) => ({
    routes: async (app) => {
      await app.register(slotRoutes, { runs, ledger, maxRuns })
    },
  }),
}
