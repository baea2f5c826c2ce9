import path from 'node:path'
import { messageOf } from '../../base/errors.ts'
import { createAnnouncer } from '../../notices/announce.ts'
import type { Parts } from '../../parts.ts'
import type { Opened } from '../../plugin.ts'
import { COOKIE } from '../../processes/table.ts'
import { findGit } from '../../runs/changes/find-git.ts'
import type { Part } from '../../settings/part.ts'
import type { Trigger, TriggerPlugin, TriggerReading } from '../trigger.ts'
import { announcementOf } from './announcement.ts'
import { createCheckpoints } from './checkpoints.ts'
import { createLoopCommands } from './commands.ts'
import { createLoops } from './control.ts'
import { createEngine } from './engine.ts'
import {
  LOOP_CHECKPOINT_NOT_FOUND,
  LOOP_IN_FILE,
  LOOP_NOT_FOUND,
  LOOP_NOT_RUNNING,
  LOOP_RESTORE_FAILED,
  LOOP_RUNNING,
  LOOP_WORK_TREE_BUSY,
} from './errors.ts'
import { memoriesIn } from './memories.ts'
import { MEMORY_TOO_LARGE, MEMORY_UNUSABLE, MEMORY_VERSION_NOT_FOUND } from './memory-errors.ts'
import { memoryRoutes } from './memory-routes.ts'
import { memoryTools } from './memory-tools.ts'
import { measureLoops } from './meters.ts'
import { momentOf } from './moment.ts'
import { defineOwn, loopSettings, type OwnLoops } from './own-loops.ts'
import { loopTools } from './person-tools.ts'
import { LOOP_TABLES, loopRecords } from './records.ts'
import { restoreRoutes } from './restore-routes.ts'
import { loopRoutes } from './routes.ts'
import { runnerEventsRoute } from './runner-api/events-route.ts'
import { createModels } from './runner-api/models.ts'
import { runnerRoutes } from './runner-api/routes.ts'
import { createRunner, RUNNER_LOOP } from './runner-api/runner.ts'
import { type LoopStep, observeLoops } from './steps.ts'

const settings: Part<Trigger, TriggerReading> = {
  ...loopSettings,
  read(reading) {
    const own = loopSettings.read(reading)
    return {
      file: null,
      secrets: () => ({ values: [], variables: [] }),
      findings: () => [],
      open: (parts) => openLoops(own, parts),
    }
  },
}

/** Agents that run again and again, until something ends it. */
export const loop: TriggerPlugin = {
  settings,
  tables: LOOP_TABLES,
  errors: [
    LOOP_NOT_FOUND,
    LOOP_NOT_RUNNING,
    LOOP_RUNNING,
    LOOP_IN_FILE,
    LOOP_CHECKPOINT_NOT_FOUND,
    LOOP_WORK_TREE_BUSY,
    LOOP_RESTORE_FAILED,
    MEMORY_TOO_LARGE,
    MEMORY_UNUSABLE,
    MEMORY_VERSION_NOT_FOUND,
  ],
}

function openLoops(own: OwnLoops, parts: Parts): Opened {
  const { ledger, settings, agentEnv, env, clock, defaults, logger, meters } = parts
  const tables = ledger.tablesOf(LOOP_TABLES)
  const dir = path.join(settings.log.dir, 'loops')
  const { records, steps } = observeLoops(loopRecords(tables))
  defineOwn(own, records)
  const memoryOf = memoriesIn({ dir, tables, clock })
  const stopping = { graceMs: settings.stop.graceMs, ownCookie: env[COOKIE] ?? null }
  const commands = createLoopCommands({ ...parts, own, ...stopping, dir, defaults, env: agentEnv })
  const about = { ...parts, logDir: settings.log.dir, minFreeMb: settings.launch.minFreeMb }
  const closing = new AbortController()
  const checkpoints = createCheckpoints({
    ...parts,
    dir: path.join(settings.log.dir, '.checkpoints'),
    git: () => findGit(defaults.places),
    hurry: closing.signal,
  })
  const deps = { ...parts, own, records, commands, memoryOf, checkpoints }
  const engine = createEngine({ ...deps, moment: (of) => momentOf(of, about) })
  const loops = createLoops({ ...parts, own, records, engine, commands, memoryOf })
  const memory = memoryOf(RUNNER_LOOP)
  const runner = createRunner({ ...parts, loops, records, steps, memory, places: defaults.places })
  const models = createModels({ ...parts, places: defaults.places })
  const announcer = createAnnouncer(parts)
  const stopHearing = steps.subscribe(({ step, loop }) => {
    const announcement = step === 'paused' || step === 'ended' ? announcementOf(loop, records) : null
    if (announcement === null) return
    announcer.announce(announcement, closing.signal).catch((error: unknown) => {
      logger.error({ loop: loop.name, error: messageOf(error) }, 'loop.notice.fail')
    })
  })
  const stopMeasuring = steps.subscribe(measureLoops({ records, meters }))
  const untold = () => records.all().flatMap((loop) => announcementOf(loop, records) ?? [])
  return {
    personTools: loopTools({ loops, records }),
    tools: memoryTools({ records, memoryOf, noteChange: steps.noteChange }),
    events: { subscribe: (listener) => steps.subscribe((step) => listener(eventOf(step))) },
    // What browsers ask before a page of elsewhere asks: without a token, and told nothing.
    publicRoutes: async (app) => {
      app.options('/api/*', { schema: { hide: true }, config: { crossOrigin: true } }, async () => '')
    },
    routes: async (app) => {
      await app.register(loopRoutes, { loops, records })
      await app.register(restoreRoutes, { ...parts, loops, records, checkpoints })
      await app.register(memoryRoutes, { loops, records, memoryOf, noteChange: steps.noteChange })
      await app.register(runnerRoutes, { runner, models })
      await app.register(runnerEventsRoute, { runner, clock })
    },
    async run(signal) {
      await Promise.all([announcer.resume(untold, signal), engine.run(signal)])
    },
    close() {
      stopHearing()
      stopMeasuring()
      closing.abort()
    },
  }
}

/** What `GET /events` tells of it: texts may be longer than a stream holds for its reader. */
const eventOf = ({ step, loop: { name, state, cause, iteration, runId }, round }: LoopStep) => ({
  name: 'loop',
  data: { step, loop: name, state, cause, iteration, run_id: runId, round_id: round?.id ?? null },
})
