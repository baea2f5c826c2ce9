import { type FeaturePlugin, noSettings } from '../feature.ts'
import { createAnnouncer } from '../notices/announce.ts'
import type { Parts } from '../parts.ts'
import type { Opened } from '../plugin.ts'
import { FLAG_NOT_FOUND, REPORT_NOT_FOUND, TOO_MANY_FLAGS, TOO_MANY_REPORTS } from './errors.ts'
import { flagRoutes } from './flag-routes.ts'
import { openFlags } from './flags.ts'
import { reportRoutes } from './report-routes.ts'
import { openReports } from './reports.ts'
import { REPORT_TABLES } from './tables.ts'
import { flagAnnouncement, flagTool, reportTool } from './tools.ts'

/** What runs deliver, and what of them needs a look. */
export const reports: FeaturePlugin = {
  // It has none of its own: its tools are there with all others.
  settings: noSettings(openFeature),
  tables: REPORT_TABLES,
  errors: [REPORT_NOT_FOUND, TOO_MANY_REPORTS, FLAG_NOT_FOUND, TOO_MANY_FLAGS],
}

function openFeature({ ledger, clock, notices, logger }: Parts): Opened {
  const tables = ledger.tablesOf(REPORT_TABLES)
  const opened = openReports(tables, clock)
  const flags = openFlags(tables, clock)
  const announcer = createAnnouncer({ notices, ledger, logger })
  const untold = () => flags.untold().map((flag) => flagAnnouncement(flag, flags))
  return {
    tools: [reportTool(opened), flagTool({ flags, announcer })],
    routes: async (app) => {
      await app.register(reportRoutes, { ledger, reports: opened })
      await app.register(flagRoutes, { flags })
    },
    run: (signal) => announcer.resume(untold, signal),
  }
}
