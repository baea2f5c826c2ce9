import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import { codex } from './agents/codex.ts'
import { buildApp, newRequestId } from './app.ts'
import { systemClock } from './clock.ts'
import type { Config, Places } from './config.ts'
import { LooperError } from './errors.ts'
import { mirrorLog } from './logging/mirror.ts'
import { removeOldRunLogs } from './logging/retention.ts'
import { openServerLog } from './logging/server-log.ts'
import { scriptNotices } from './notices/script.ts'
import { zulipNotices } from './notices/zulip.ts'
import { findCredentials } from './notices/zuliprc.ts'
import { COOKIE, type ProcessTable } from './processes/table.ts'
import { agentEnvironment } from './runs/environment.ts'
import { readDefaultPrompt } from './runs/prompt.ts'
import { prepareLaunch } from './runs/request.ts'
import { createRuns } from './runs/runs.ts'
import { autopoll } from './triggers/autopoll.ts'

/** A service that listens. */
export interface Service {
  /** Where it listens, as a URL. */
  readonly url: string
  /** What its owner should know. */
  readonly warnings: readonly string[]
  /** Stops the autopoll and every run of this service, answers what is open, and closes the log. */
  close(): Promise<void>
}

/** What the service takes from its process. */
export interface ServiceOptions extends Places {
  readonly config: Config
  readonly env: NodeJS.ProcessEnv
  readonly table: ProcessTable
  /** Aborted: polite ends are not waited for any more. */
  readonly hurry: AbortSignal
}

/** From the first polite signal to SIGKILL. */
const STOP_GRACE_MS = 5000
const RETENTION_EVERY_MS = 3_600_000

/**
 * Builds the parts, starts them in order, and closes them in reverse where one of them fails.
 * @throws {Error} with a sentence that says what is in the way
 */
export async function startService({
  config,
  env,
  table,
  hurry,
  projectDir,
  home,
}: ServiceOptions): Promise<Service> {
  await table.check()
  const clock = systemClock
  const agent = codex
  const { log, launch } = config
  const serverLog = await openServerLog(log.serverLogPath, log.level)
  const { logger } = serverLog

  const warnings = [...config.warnings]
  const skipped = (message: string) => logger.warn({ message }, 'notice.skipped')
  if (findCredentials(config.zulip).kind === 'none') {
    warnings.push('No Zulip credentials: notices go to the server log only')
  }
  for (const warning of warnings) logger.warn(warning)

  const places = { projectDir, home, searchPath: env.PATH, configured: launch.binary }
  const runs = createRuns({
    table,
    clock,
    agent,
    logger,
    hurry,
    scope: config.stopScope,
    graceMs: STOP_GRACE_MS,
    logDir: log.dir,
    stateDir: path.join(log.dir, '.runs'),
    ownCookie: env[COOKIE] ?? null,
    env: agentEnvironment(env, projectDir),
    mirror: log.mirror
      ? (file, from, complete) => mirrorLog({ path: file, from, complete, clock, write: serverLog.raw })
      : null,
  })

  const prepareDefault = async () => {
    const prompt = await readDefaultPrompt(launch.prompt)
    /* c8 ignore next 3: the settings switch the autopoll off without them */
    if (prompt === null || launch.workspace === null) {
      throw new LooperError('LOOPER_PROMPT_MISSING', 'no default prompt and workspace are configured')
    }
    return prepareLaunch('autopoll', `auto${newRequestId()}`, {
      places,
      prompt,
      workspace: launch.workspace,
      binary: null,
      logDir: log.dir,
    })
  }

  const removeOld = async () => {
    const live = new Set(runs.live().map((run) => run.logPath))
    const removed = await removeOldRunLogs({ dir: log.dir, keepDays: log.keepDays, now: clock.now(), live })
    if (removed.length > 0) logger.info({ removed }, 'logs.removed')
  }

  const closing = new AbortController()
  const background: Promise<unknown>[] = []
  let app: FastifyInstance | null = null

  async function close(): Promise<void> {
    closing.abort()
    try {
      await runs.close()
    } finally {
      await app?.close()
      await Promise.all(background)
      logger.info('service.stop')
      await serverLog.close()
    }
  }

  try {
    app = await buildApp({
      logger,
      token: config.http.token,
      runs,
      agent,
      defaults: {
        ...launch,
        places,
        logDir: log.dir,
        notify: zulipNotices(config.zulip, skipped),
        notifyByScript: (script) => scriptNotices(script, env, logger),
      },
    })
    const url = await app.listen({ host: config.http.host, port: config.http.port })
    background.push(
      repeat(removeOld, RETENTION_EVERY_MS, (error) => logger.error({ err: error }, 'logs.remove.fail')),
    )
    if (config.autopoll.enabled) {
      const { pollMs, staleMs } = config.autopoll
      const options = { runs, prepare: prepareDefault, pollMs, staleMs, logDir: log.dir, clock, logger }
      background.push(autopoll(options, closing.signal))
    }
    logger.info({ url }, 'service.start')
    return { url, warnings, close }
  } catch (error) {
    await close()
    throw error
  }

  async function repeat(work: () => Promise<void>, everyMs: number, failed: (error: unknown) => void) {
    while (!closing.signal.aborted) {
      await work().catch(failed)
      await clock.sleep(everyMs, closing.signal).catch(() => undefined)
    }
  }
}
