import type { ViewPlugin } from '../view.ts'
import { dashboardRoutes } from './routes.ts'

/** The page at `/`. */
export const dashboard: ViewPlugin = {
  open: () => ({
    publicRoutes: async (app) => {
      await app.register(dashboardRoutes)
    },
  }),
}
