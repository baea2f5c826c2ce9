import type { Parts } from '../../parts.ts'
import type { Opened } from '../../plugin.ts'
import { agentHeld } from '../../runs/holds/holds.ts'
import type { Part } from '../../settings/part.ts'
import type { Trigger, TriggerPlugin, TriggerReading } from '../trigger.ts'
import { createAutopoll, SKIP_KINDS } from './autopoll.ts'
import { prepareDefault } from './default-run.ts'
import { AUTOPOLL_OFF } from './errors.ts'
import { autopollRoutes } from './routes.ts'
import { AutopollState } from './schemas.ts'
import { type AutopollSettings, autopollSettings } from './settings.ts'
import { stateOf } from './status.ts'

const settings: Part<Trigger, TriggerReading> = {
  ...autopollSettings,
  read: (reading) => triggerOf(autopollSettings.read(reading)),
}

/** Launches the default run whenever nothing runs. */
export const autopoll: TriggerPlugin = { settings, errors: [AUTOPOLL_OFF] }

function triggerOf(wanted: AutopollSettings): Trigger {
  return {
    file: null,
    secrets: () => ({ values: [], variables: [] }),
    findings: () => [],
    open: (parts) => openAutopoll(wanted, parts),
  }
}

function openAutopoll({ enabled, ...wanted }: AutopollSettings, parts: Parts): Opened {
  const { meters, defaults, notices, agents, runs, newRequestId, settings } = parts
  const skipped = meters.counter({
    name: 'looper_autopoll_skips_total',
    help: 'Looks of the autopoll that launched nothing, by the reason.',
    label: { name: 'reason', values: SKIP_KINDS },
  })
  const poll = enabled
    ? createAutopoll({
        ...parts,
        ...wanted,
        notify: notices.notify,
        held() {
          const held = runs.holds.of(agents.standard.name)
          return held ? agentHeld(held) : runs.days.refusal()
        },
        logDir: settings.log.dir,
        prepare: (caller) =>
          prepareDefault({ ...defaults, slot: wanted.slot, sharesWorkspace: false }, newRequestId, caller),
        skipped,
      })
    : null
  meters.gauge({
    name: 'looper_autopoll_paused',
    help: '1 while the autopoll is paused, by a person or by its own back-off after failures; else 0. No sample if it is off.',
    look: () => (poll === null ? null : Number(poll.isPaused())),
  })
  return {
    routes: async (app) => {
      await app.register(autopollRoutes, { autopoll: poll })
    },
    status: { name: 'autopoll', schema: AutopollState, look: () => stateOf(poll) },
    ...(poll && { run: poll.run }),
  }
}
