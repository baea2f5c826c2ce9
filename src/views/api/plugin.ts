import type { ViewPlugin } from '../view.ts'
import { apiRoutes } from './routes.ts'

/** The API in its own words: an OpenAPI document, and a page for people. */
export const api: ViewPlugin = {
  open: ({ version }) => ({
    publicRoutes: async (app) => {
      await app.register(apiRoutes, { routes: app.described, version })
    },
  }),
}
