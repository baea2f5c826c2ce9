import { freeMb } from '../../base/disk.ts'
import type { ViewPlugin } from '../view.ts'
import { createMetrics } from './metrics.ts'
import { metricsRoutes } from './routes.ts'

const MIB = 1_048_576

/** What Prometheus is told. */
export const metrics: ViewPlugin = {
  open({ version, tokens, settings, table, runs, meters, steps, logger }) {
    const facts = {
      version,
      tokens: () => tokens?.all() ?? null,
      freeBytes: () => freeMb(settings.log.dir) * MIB,
    }
    const opened = createMetrics(
      steps,
      { table, live: runs.live, slotTaken: () => runs.slots().some(({ taken }) => taken), facts, meters },
      logger,
    )
    return {
      routes: async (app) => {
        await app.register(metricsRoutes, { metrics: opened })
      },
      close: opened.close,
    }
  },
}
