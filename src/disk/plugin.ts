import { agentNamed } from '../agents/agents.ts'
import type { Feature, FeaturePlugin } from '../feature.ts'
import type { Parts } from '../parts.ts'
import type { Opened } from '../plugin.ts'
import type { Part } from '../settings/part.ts'
import { type LastPass, openGovernor } from './governor.ts'
import { logsSource } from './logs.ts'
import { endsOf } from './next-end.ts'
import { recordsSource } from './records.ts'
import { diskRoutes } from './routes.ts'
import { sessionsSource } from './sessions.ts'
import { type DiskSettings, diskSettings } from './settings.ts'
import type { DiskSource } from './source.ts'
import { CapState, capState } from './status.ts'
import { storedSessions } from './stored-sessions.ts'
import { survey } from './survey.ts'
import { worktreesSource } from './worktrees.ts'

const settings: Part<Feature> = {
  ...diskSettings,
  read(reading) {
    const wanted = diskSettings.read(reading)
    return { open: (parts) => openDisk(wanted, parts) }
  },
}

/** Keeps what runs leave below a cap, and tells who takes what. */
export const disk: FeaturePlugin = { settings }

function openDisk({ capBytes, resumableMs }: DiskSettings, parts: Parts): Opened {
  const { ledger, runs, clock, logger, steps } = parts
  const deps = {
    sources: sourcesOf(parts),
    ledger,
    resumableMs,
    liveLogs: () => new Set(runs.live().map(({ logPath }) => logPath)),
  }
  const routes: Opened['routes'] = async (app) => {
    await app.register(diskRoutes, { capBytes, look: () => survey(deps, clock.now()) })
  }
  const statusOf = (look: () => LastPass | null) => ({
    name: 'disk_cap',
    schema: CapState,
    look: async () => capState(capBytes, look()),
  })
  if (capBytes === 0) return { routes, status: statusOf(() => null) }
  const ends = endsOf(steps)
  const governor = openGovernor({ ...deps, capBytes, clock, logger, nextEnd: ends.next })
  return { routes, status: statusOf(governor.last), run: governor.run, close: ends.close }
}

/** What takes room, in the order in which it goes of one run: its record is the last. */
function sourcesOf({
  settings: { log },
  ledger,
  agents,
  agentEnv: env,
  defaults: { places, worktrees },
}: Parts): DiskSource[] {
  // One that is not configured now may be tomorrow.
  const canResume = (name: string) => agentNamed(agents, name)?.can.resume ?? true
  return [
    logsSource(log.dir),
    worktreesSource(worktrees.dir),
    ...agents.all
      .filter((agent) => agent.sessionPlaces(env()).length > 0)
      .map((agent) => {
        const { sessionStore: store } = agent
        const stored = store ? storedSessions({ agent, store, env, places }) : null
        return sessionsSource({ agent, env, ledger, stored })
      }),
    recordsSource({ dbPath: log.dbPath, ledger, canResume }),
  ]
}
