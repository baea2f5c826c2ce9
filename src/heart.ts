import path from 'node:path'
import { listedPrograms, programsOf, scriptsOf } from './agents/allowed.ts'
import type { ProgramPlaces } from './agents/binary.ts'
import type { Clock } from './base/clock.ts'
import { firstOf } from './base/first-of.ts'
import type { Config } from './config.ts'
import { mirrorLog } from './logging/mirror.ts'
import { type Redact, redactor } from './logging/redact.ts'
import type { ServerLog } from './logging/server-log.ts'
import { noteTimes } from './logs/times-file.ts'
import { isOwnVariable } from './own-variables.ts'
import type { Place } from './places/place.ts'
import { NOTICES, PLACES } from './plugins.ts'
import { COOKIE, type ProcessTable } from './processes/table.ts'
import type { Ledger } from './record/ledger.ts'
import { recheckWorkspace } from './runs/access.ts'
import { createDays } from './runs/budget/days.ts'
import { type Changes, createChanges } from './runs/changes/changes.ts'
import { findGit } from './runs/changes/find-git.ts'
import { agentEnvironment } from './runs/environment.ts'
import { type Access, recheckLaunch } from './runs/launch-request.ts'
import { environmentOfNpm, withoutNpm } from './runs/npm-environment.ts'
import { createRunTokens, type RunTokens } from './runs/run-tokens.ts'
import { createRuns, type Runs } from './runs/runs.ts'
import { argvOf } from './runs/verify/check.ts'
import { createWorktrees, type Worktrees } from './runs/worktrees/worktrees.ts'
import type { Secrets } from './secrets.ts'
import type { Places } from './settings/part.ts'

/** What the heart is opened with. */
export interface HeartOptions extends Places {
  readonly config: Config
  readonly env: NodeJS.ProcessEnv
  readonly table: ProcessTable
  readonly hurry: AbortSignal
  readonly clock: Clock
  readonly serverLog: ServerLog
  readonly ledger: Ledger
  readonly secrets: Secrets
}

/** Runs, and what requests for them are checked with. Whoever opens it closes the runs, then the place. */
export interface Heart {
  readonly runs: Runs
  readonly changes: Changes
  readonly worktrees: Worktrees
  readonly runTokens: RunTokens
  readonly place: Place
  readonly access: Access
  readonly places: ProgramPlaces
  readonly redact: Redact
  /** What agents get as their environment now. */
  agentEnv(): NodeJS.ProcessEnv
}

const MIB = 1_048_576
const OWN_SCRIPTS = NOTICES.flatMap(({ ownScripts }) => ownScripts)

/** Puts the heart together as the settings want it. */
export function openHeart(options: HeartOptions): Heart {
  const { config, env, table, hurry, clock, serverLog, ledger, secrets, projectDir, home } = options
  const { agents, log, launch } = config
  const { logger, placeToCut, raw: write } = serverLog
  const places = { projectDir, home, searchPath: env.PATH }
  const redact = redactor(secrets.values)
  const owners = withoutNpm(env, environmentOfNpm(env, process.ppid), projectDir)
  const agentEnv = () =>
    agentEnvironment(owners, {
      isOwn: isOwnVariable,
      secret: secrets.variables(),
      pass: config.access.agentEnvPass,
    })
  const access: Access = {
    workspaceRoots: config.access.workspaceRoots,
    programs: (own) => programsOf(config.access.executables, { ...places, ...own }),
    executables: () => listedPrograms(config.access.executables, places),
    scripts: () => scriptsOf(config.access.executables, OWN_SCRIPTS, { ...places, ...agents.known.program }),
  }
  const place = firstOf(PLACES).open({ stateDir: path.join(log.dir, '.runs'), table, clock })
  const looking = { git: () => findGit(places), env, clock, logger, hurry }
  const changes = createChanges({ ...looking, dir: path.join(log.dir, '.changes') })
  const worktrees = createWorktrees({ ...looking, dir: path.join(log.dir, 'worktrees') })
  const runTokens = createRunTokens()
  const runs = createRuns({
    ...config.stop,
    table,
    clock,
    agents,
    logger,
    ledger,
    hurry,
    logDir: log.dir,
    place,
    ownCookie: env[COOKIE] ?? null,
    env: agentEnv,
    recheck: (request) => recheckLaunch(request, access, places),
    argvOfCheck(check, workspace) {
      const own = { path: worktrees.dir, withoutDotDirectories: false }
      recheckWorkspace(workspace, [...access.workspaceRoots, own])
      return argvOf(check, { allowed: access.executables(), places })
    },
    changes,
    worktrees,
    tokens: runTokens,
    minFreeMb: launch.minFreeMb,
    maxRuns: config.maxRuns,
    days: createDays({ ledger, clock, cap: launch.dayBudget }),
    maxLogBytes: log.maxMb * MIB,
    toolStallMs: launch.toolStallMs,
    warning: launch.warning,
    placeToCut,
    redact,
    noteTimes: log.times ? (file, complete) => noteTimes(file, clock, complete) : null,
    mirror: log.mirror
      ? (file, from, mirrored, complete) =>
          mirrorLog({ path: file, from, mirrored, complete, clock, write, placeToCut })
      : null,
  })
  return { runs, changes, worktrees, runTokens, place, access, places, redact, agentEnv }
}
