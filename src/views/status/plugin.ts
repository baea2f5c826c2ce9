import type { ViewPlugin } from '../view.ts'
import { statusRoutes } from './routes.ts'

/** What the service is doing now, in one answer. */
export const status: ViewPlugin = {
  open: ({ version, startedAt, agents, findings, runs, ledger, notices, settings, statusParts }) => ({
    routes: async (app) => {
      await app.register(statusRoutes, {
        version,
        startedAt,
        agent: agents.standard.name,
        findings: findings.map(({ check, text, remedy }) => ({ check, problem: text, remedy })),
        runs,
        ledger,
        parts: statusParts,
        notice: notices.state,
        logDir: settings.log.dir,
        minFreeMb: settings.launch.minFreeMb,
      })
    },
  }),
}
