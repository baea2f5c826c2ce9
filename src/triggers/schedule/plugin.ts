import { createNews } from '../../base/news.ts'
import type { Parts } from '../../parts.ts'
import type { Opened } from '../../plugin.ts'
import type { Part } from '../../settings/part.ts'
import type { Trigger, TriggerPlugin, TriggerReading } from '../trigger.ts'
import { SCHEDULE_LIMIT, SCHEDULED_NOT_FOUND } from './errors.ts'
import { keepTime } from './keep-time.ts'
import { scheduleRoutes } from './routes.ts'
import { openSchedule, SCHEDULE_TABLES } from './schedule.ts'
import { type ScheduleSettings, scheduleSettings } from './settings.ts'
import { scheduleTool } from './tool.ts'

const settings: Part<Trigger, TriggerReading> = {
  ...scheduleSettings,
  read(reading) {
    const wanted = scheduleSettings.read(reading)
    return {
      file: null,
      secrets: () => ({ values: [], variables: [] }),
      findings: () => [],
      open: (parts) => openTrigger(wanted, parts),
    }
  },
}

/** Runs that agents asked for, once, at a time. */
export const schedule: TriggerPlugin = {
  settings,
  tables: SCHEDULE_TABLES,
  errors: [SCHEDULE_LIMIT, SCHEDULED_NOT_FOUND],
}

function openTrigger({ maxDays, ...limits }: ScheduleSettings, parts: Parts): Opened {
  const opened = openSchedule(parts.ledger, limits)
  const { next: changed, tell: added } = createNews()
  return {
    tools: [scheduleTool({ ...parts, schedule: opened, added, maxDays })],
    routes: async (app) => {
      await app.register(scheduleRoutes, { schedule: opened })
    },
    run: (signal) => keepTime({ ...parts, schedule: opened, changed }, signal),
  }
}
