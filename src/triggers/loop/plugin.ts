import type { Parts } from '../../parts.ts'
import type { Opened } from '../../plugin.ts'
import { part } from '../../settings/part.ts'
import type { Trigger, TriggerPlugin } from '../trigger.ts'
import { createLoops } from './control.ts'
import { createEngine } from './engine.ts'
import { LOOP_NOT_FOUND, LOOP_NOT_RUNNING } from './errors.ts'
import { momentOf } from './moment.ts'
import { LOOP_TABLES, loopRecords } from './records.ts'
import { loopRoutes } from './routes.ts'
import { type LoopStep, observeLoops } from './steps.ts'

const trigger: Trigger = {
  file: null,
  secrets: () => ({ values: [], variables: [] }),
  findings: () => [],
  open: openLoops,
}

/** Agents that run again and again, until something ends it. */
export const loop: TriggerPlugin = {
  settings: part('Loops', {}, () => trigger),
  tables: LOOP_TABLES,
  errors: [LOOP_NOT_FOUND, LOOP_NOT_RUNNING],
}

function openLoops(parts: Parts): Opened {
  const { ledger, settings } = parts
  const { records, steps } = observeLoops(loopRecords(ledger.tablesOf(LOOP_TABLES)))
  const about = { ...parts, logDir: settings.log.dir, minFreeMb: settings.launch.minFreeMb }
  const engine = createEngine({ ...parts, records, moment: (of) => momentOf(of, about) })
  const loops = createLoops({ ...parts, records, engine })
  return {
    events: { subscribe: (listener) => steps.subscribe((step) => listener(eventOf(step))) },
    routes: async (app) => {
      await app.register(loopRoutes, { loops, records })
    },
    run: engine.run,
  }
}

/** What `GET /events` tells of it: texts may be longer than a stream holds for its reader. */
const eventOf = ({ step, loop: { name, state, cause, iteration, runId }, round }: LoopStep) => ({
  name: 'loop',
  data: { step, loop: name, state, cause, iteration, run_id: runId, round_id: round && round.id },
})
