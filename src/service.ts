import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildApp, newRequestId } from './app.ts'
import { systemClock } from './base/clock.ts'
import { firstOf } from './base/first-of.ts'
import { createMeters } from './base/meters.ts'
import { versionOf } from './base/version.ts'
import { findingsOf } from './checks.ts'
import type { Config } from './config.ts'
import { filesOf } from './config-files.ts'
import { openHeart } from './heart.ts'
import { createFailures } from './http/failures.ts'
import { hostRulesOf } from './http/guards.ts'
import { listen } from './http/listen.ts'
import { openTokens } from './http/open-tokens.ts'
import { createReadiness, phaseOf } from './http/readiness.ts'
import { keepHouse } from './logging/housekeeping.ts'
import { makeLogDir, openLog } from './logging/open-logs.ts'
import type { ServerLog } from './logging/server-log.ts'
import { openNotices } from './notices/notices.ts'
import type { Parts } from './parts.ts'
import { NOTICES, VIEWS } from './plugins.ts'
import type { ProcessTable } from './processes/table.ts'
import { type Claim, claim } from './record/claim.ts'
import { type Ledger, openLedger } from './record/ledger.ts'
import type { WaitingRun } from './record/waiting.ts'
import { measureDays } from './runs/budget/day-meters.ts'
import { tellingHolds } from './runs/holds/tell.ts'
import { workQueue } from './runs/queue.ts'
import { prepareWaiting } from './runs/request.ts'
import { tellSteps } from './runs/run-lines.ts'
import { observeLedger } from './runs/steps.ts'
import { tellWarnings } from './runs/warnings.ts'
import { followSecrets, type Secrets } from './secrets.ts'
import type { Places } from './settings/part.ts'
import { startWarnings } from './start-warnings.ts'

/** A service that listens. */
export interface Service {
  /** Where it listens, as a URL. */
  readonly url: string
  /** What its owner should know. */
  readonly warnings: readonly string[]
  /** Stops the autopoll and every run of this service, answers what is open, and closes the log. */
  close(): Promise<void>
  /**
   * Begins nothing more, waits for a launch under way, and answers it; not when hurried. Every run lives on, and is
   * adopted by the next start. The process has to exit then: what follows the runs is still at work.
   */
  handOver(): Promise<void>
}

/** What the service takes from its process. */
export interface ServiceOptions extends Places {
  readonly config: Config
  readonly env: NodeJS.ProcessEnv
  readonly table: ProcessTable
  /** Aborted: polite ends are not waited for any more. */
  readonly hurry: AbortSignal
  /** Is told a line for the start and the end of each run; null: nobody looks. */
  readonly tell: ((line: string) => void) | null
}

/** What is open before the parts are put together. */
interface Opened {
  readonly claimed: Claim
  readonly serverLog: ServerLog
  readonly ledger: Ledger
  readonly secrets: Secrets
  /** What the owner should know of notices and of the process table. */
  readonly told: readonly string[]
}

/** What end notices may take of a shutdown. */
const END_NOTICES_MS = 2000
/** How long an end waits for somebody else's lock on the ledger. */
const SETTLE_MS = 10_000
/** How the notices of a request go that names a script. */
const byScript = firstOf(NOTICES.flatMap((notice) => notice.byScript ?? []))

/**
 * Builds the parts, starts them in order, and closes them in reverse where one of them fails.
 * @throws {Error} with a sentence that says what is in the way
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, table } = options
  const blindness = await table.check()
  const told = [blindness, config.notice.warning()].filter((text) => text !== null)
  const secrets = followSecrets(config, options.env)
  makeLogDir(config.log.dir)
  const claimed = await claim({ logDir: config.log.dir, dbPath: config.log.dbPath })
  let serverLog: ServerLog | null = null
  let ledger: Ledger | null = null
  try {
    serverLog = await openLog(config.log, filesOf(config), secrets.values)
    const { logger } = serverLog
    const tell = (message: string) => logger.error({ message }, 'ledger.fail')
    ledger = openLedger(config.log.dbPath, tell, systemClock)
    // It may be a new one.
    await claimed.follow()
    return await compose(options, { claimed, serverLog, ledger, secrets, told })
  } catch (error) {
    ledger?.close()
    await serverLog?.close()
    claimed.release()
    throw error
  }
}

async function compose(
  { config, env, table, hurry, tell, projectDir, home }: ServiceOptions,
  { claimed, serverLog, ledger: opened, secrets, told }: Opened,
): Promise<Service> {
  const { ledger, steps } = observeLedger(opened)
  if (tell) tellSteps(steps, tell)
  const clock = systemClock
  const { agents, log, launch, http } = config
  const { logger, placeToCut } = serverLog

  const findings = await findingsOf(config, env, { projectDir, home })
  const warnings = await startWarnings(config, told, findings)
  for (const warning of warnings) logger.warn(warning)

  const heart = openHeart({ config, env, table, hurry, clock, serverLog, ledger, secrets, projectDir, home })
  const { runs, changes, worktrees, runTokens, place, access, places, redact, agentEnv } = heart
  const closing = new AbortController()
  const background: Promise<unknown>[] = []
  let app: FastifyInstance | null = null
  let isAdopted = false

  async function close(): Promise<void> {
    closing.abort()
    try {
      await runs.close()
      await Promise.race([Promise.all([changes.settled(), worktrees.settled()]), aborted(hurry)])
      await place.close()
    } finally {
      await Promise.all([app?.close(), notices.close(END_NOTICES_MS)])
      for (const plugin of plugins) plugin.close?.()
      await Promise.all(background)
      logger.info('service.stop')
      await Promise.race([ledger.settle(SETTLE_MS), aborted(hurry)])
      ledger.close()
      await serverLog.close()
      claimed.release()
    }
  }

  async function handOver(): Promise<void> {
    closing.abort()
    await Promise.race([runs.handOver(), aborted(hurry)])
    // The answer to that launch goes out first.
    await setImmediate()
    await app?.close()
    // The next start knows only what is written.
    await Promise.race([ledger.settle(SETTLE_MS), aborted(hurry)])
    logger.info('service.handover')
  }

  const version = versionOf()
  const tokens = openTokens(http, clock, logger)
  const meters = createMeters()
  const notices = openNotices({
    ...config,
    byScript,
    env,
    ledger,
    steps,
    clock,
    logger,
    redact,
    placeToCut,
    hurry,
    meters,
  })
  const failures = createFailures(clock)
  const findRun = (runId: string) => ledger.find(runId)
  const liveIn = (slot: string) => runs.live().findLast((run) => run.slot === slot)
  const defaults = {
    ...launch,
    agents,
    findRun,
    worktrees,
    liveIn,
    agentEnv,
    access,
    places,
    logDir: log.dir,
    ...notices,
  }
  const parts: Parts = {
    version,
    startedAt: clock.now(),
    settings: config,
    env,
    clock,
    logger,
    table,
    ledger,
    steps,
    runs,
    runTokens,
    agents,
    agentEnv,
    notices,
    redact,
    defaults,
    newRequestId,
    tokens,
    failures,
    meters,
    findings,
    tools: () => plugins.flatMap(({ tools }) => tools ?? []),
    asks: () => plugins.flatMap(({ asks }) => asks ?? []),
    personTools: () => plugins.flatMap(({ personTools }) => personTools ?? []),
  }
  const triggers = config.triggers.map((trigger) => trigger.open(parts))
  const features = config.features.map((feature) => feature.open(parts))
  const statusParts = [...triggers, ...features].flatMap(({ status }) => status ?? [])
  const plugins = [...VIEWS.map((view) => view.open({ ...parts, statusParts })), ...triggers, ...features]
  app = await buildApp({
    logger,
    requestLogger: serverLog.requests,
    redact,
    hosts: hostRulesOf(http),
    tokens,
    failures,
    plugins,
    clock,
    runs,
    changes,
    ledger,
    steps,
    problems: createReadiness({
      ledger,
      table,
      logDir: log.dir,
      minFreeMb: launch.minFreeMb,
      phase: () => phaseOf(isAdopted, closing.signal.aborted),
      clock,
      logger,
    }),
    defaults,
  })
  const url = await listen(app, http)
  claimed.publish(url)
  for (const { listening } of plugins) listening?.(url)
  // Runs of an earlier life are taken up while the service already answers; launches wait for it.
  const adopted = runs.adopt().then(async () => {
    // Its check may have begun a new ledger.
    await claimed.follow()
    isAdopted = true
    if (!closing.signal.aborted) place.prepare(agentEnv())
  })
  background.push(adopted)
  const keeping = {
    dir: log.dir,
    keep: log.keep,
    ledger,
    live: () => new Set(runs.live().map((run) => run.logPath)),
    clock,
    logger,
  }
  background.push(adopted.then(() => notices.resume()))
  background.push(adopted.then(() => keepHouse(keeping, closing.signal)))
  measureDays(runs.days, meters)
  tellWarnings({ steps, days: runs.days, notify: notices.notify, meters, logger, signal: closing.signal })
  const tellHold = tellingHolds({ notify: notices.notify, logger, signal: closing.signal })
  const first = () => runs.holds.tick(tellHold)
  const prepare = (waiting: WaitingRun) => prepareWaiting(waiting, defaults)
  background.push(
    adopted.then(() => workQueue({ runs, ledger, prepare, first, clock, logger }, closing.signal)),
  )
  for (const { run } of plugins) if (run) background.push(adopted.then(() => run(closing.signal)))
  logger.info({ url }, 'service.start')
  return { url, warnings, close, handOver }
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
