import type { ViewPlugin } from '../view.ts'
import { outboxRoutes } from './routes.ts'

/** What is to be told to somebody, and what became of it. */
export const outbox: ViewPlugin = {
  open: ({ ledger }) => ({
    routes: async (app) => {
      await app.register(outboxRoutes, { ledger })
    },
  }),
}
