import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { programsOf, scriptsOf } from './agents/allowed.ts'
import { codex } from './agents/codex.ts'
import { buildApp, newRequestId } from './app.ts'
import { type Claim, claim } from './claim.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Config, ConfigError, type Places } from './config.ts'
import { LooperError, messageOf } from './errors.ts'
import { createFailures } from './http/failures.ts'
import { hostRulesOf } from './http/guards.ts'
import { createTokenCheck, type TokenCheck } from './http/tokens.ts'
import { mirrorLog } from './logging/mirror.ts'
import { redactor } from './logging/redact.ts'
import { removeOldRuns } from './logging/retention.ts'
import { openServerLog, type ServerLog } from './logging/server-log.ts'
import { createMetrics } from './metrics/metrics.ts'
import { sendEndNotices } from './notices/end-notices.ts'
import { tellFailures } from './notices/failures.ts'
import { rememberLast } from './notices/last.ts'
import { type Notify, withoutSecrets } from './notices/notice.ts'
import { scriptNotices } from './notices/script.ts'
import { noticeRoute } from './notices/state.ts'
import { describeRoute, zulipEdits, zulipNotices } from './notices/zulip.ts'
import { findCredentials } from './notices/zuliprc.ts'
import { COOKIE, type ProcessTable } from './processes/table.ts'
import { createReadiness } from './readiness.ts'
import { agentEnvironment } from './runs/environment.ts'
import { type Ledger, openLedger, type RunRecord } from './runs/ledger.ts'
import { readDefaultPrompt } from './runs/prompt.ts'
import { type Access, prepareLaunch, recheckLaunch } from './runs/request.ts'
import { readTail } from './runs/run-log.ts'
import { createRuns } from './runs/runs.ts'
import { observeLedger } from './runs/steps.ts'
import { followSecrets, type Secrets } from './secrets.ts'
import { createAutopoll } from './triggers/autopoll.ts'

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

const RETENTION_EVERY_MS = 3_600_000
/** What end notices may take of a shutdown. */
const END_NOTICES_MS = 2000
const MIB = 1_048_576
/** codex tells its session in the first lines, and the limit in the last; its log is short then. */
const LIMIT_LINES = 200

/**
 * Builds the parts, starts them in order, and closes them in reverse where one of them fails.
 * @throws {Error} with a sentence that says what is in the way
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, table } = options
  await table.check()
  const secrets = asSetting(() => followSecrets(config, options.env))
  mkdirSync(config.log.dir, { recursive: true })
  const claimed = claim(config.log.dir)
  const redact = redactor(secrets.values)
  const serverLog = await openServerLog(config.log.serverLogPath, config.log.level, undefined, redact)
  let ledger: Ledger | null = null
  try {
    const tell = (message: string) => serverLog.logger.error({ message }, 'ledger.fail')
    ledger = openLedger(config.log.dbPath, tell)
    return await compose(options, claimed, serverLog, ledger, secrets)
  } catch (error) {
    ledger?.close()
    await serverLog.close()
    claimed.release()
    throw error
  }
}

async function compose(
  { config, env, table, hurry, projectDir, home }: ServiceOptions,
  claimed: Claim,
  serverLog: ServerLog,
  opened: Ledger,
  secrets: Secrets,
): Promise<Service> {
  const { ledger, steps } = observeLedger(opened)
  const clock = systemClock
  const agent = codex
  const { log, launch, http } = config
  const { logger } = serverLog

  const warnings = [...config.warnings]
  const skipped = (message: string) => logger.warn({ message }, 'notice.skipped')
  if (findCredentials(config.zulip).kind === 'none') {
    warnings.push('No Zulip credentials: notices go to the server log only')
  }
  for (const warning of warnings) logger.warn(warning)

  const places = { projectDir, home, searchPath: env.PATH, configured: launch.binary }
  const redact = redactor(secrets.values)
  const agentEnv = () =>
    agentEnvironment(env, projectDir, { secret: secrets.variables(), pass: config.access.agentEnvPass })
  const access: Access = {
    workspaceRoots: config.access.workspaceRoots,
    programs: () => programsOf(config.access.executables, places),
    scripts: () => scriptsOf(config.access.executables, places),
  }
  const runs = createRuns({
    ...config.stop,
    table,
    clock,
    agent,
    logger,
    ledger,
    hurry,
    logDir: log.dir,
    stateDir: path.join(log.dir, '.runs'),
    ownCookie: env[COOKIE] ?? null,
    env: agentEnv,
    recheck: (request) => recheckLaunch(request, access, places),
    minFreeMb: log.minFreeMb,
    maxLogBytes: log.maxMb * MIB,
    mirror: log.mirror
      ? (file, from, mirrored, complete) =>
          mirrorLog({ path: file, from, mirrored, complete, clock, write: serverLog.raw })
      : null,
  })

  const prepareDefault = async () => {
    const prompt = await readDefaultPrompt(launch.prompt)
    /* c8 ignore next 3: the settings switch the autopoll off without them */
    if (prompt === null || launch.workspace === null) {
      throw new LooperError('LOOPER_PROMPT_MISSING', 'no default prompt and workspace are configured')
    }
    const origin = { requestId: `auto${newRequestId()}`, trigger: 'autopoll', caller: null } as const
    return prepareLaunch(origin, {
      access,
      places,
      prompt,
      workspace: launch.workspace,
      binary: null,
      logDir: log.dir,
      timeoutMs: launch.timeoutMs,
      stallMs: launch.stallMs,
    })
  }

  const limitedUntil = ({ logPath, outcome }: RunRecord) => {
    if (logPath === null || outcome !== 'exited') return null
    try {
      return agent.limitedUntil(readTail(logPath, LIMIT_LINES), agentEnv())
    } catch {
      // Its log was removed: then nobody knows, and the next run will tell.
      return null
    }
  }

  const removeOld = async () => {
    const live = new Set(runs.live().map((run) => run.logPath))
    const removed = await removeOldRuns({ dir: log.dir, keep: log.keep, ledger, now: clock.now(), live })
    if (removed > 0) logger.info({ removed }, 'logs.removed')
  }

  const closing = new AbortController()
  const background: Promise<unknown>[] = []
  let app: FastifyInstance | null = null
  let isAdopted = false

  async function close(): Promise<void> {
    closing.abort()
    try {
      await runs.close()
    } finally {
      await Promise.all([app?.close(), endNotices?.close(END_NOTICES_MS)])
      metrics.close()
      await Promise.all(background)
      logger.info('service.stop')
      ledger.close()
      await serverLog.close()
      claimed.release()
    }
  }

  const metrics = createMetrics(steps, { table, live: runs.live, slotTaken: runs.isTaken })
  const told = (notify: Notify) => tellFailures(withoutSecrets(notify, redact), metrics.noticeFailed)
  const { notify, last } = rememberLast(told(zulipNotices(config.zulip, skipped)), clock)
  const { notifyEnd } = config.zulip
  const endNotices =
    notifyEnd === 'off'
      ? null
      : sendEndNotices({
          steps,
          logger,
          redact,
          hurry,
          notify,
          mode: notifyEnd,
          amend: tellFailures(zulipEdits(config.zulip), metrics.noticeFailed),
          tail: (logPath) => readTail(logPath, Number.POSITIVE_INFINITY),
        })
  const autopoll = config.autopoll.enabled
    ? createAutopoll({
        ...config.autopoll,
        runs,
        ledger,
        notify,
        limitedUntil,
        clock,
        logger,
        logDir: log.dir,
        prepare: prepareDefault,
        skipped: metrics.autopollSkipped,
      })
    : null
  app = await buildApp({
    logger,
    redact,
    hosts: hostRulesOf(http),
    tokens: tokensOf(config, clock, logger),
    failures: createFailures(clock),
    hooks: http.hooksFile === null ? null : { file: http.hooksFile, env },
    now: clock.now,
    status: {
      version: versionOf(projectDir),
      startedAt: clock.now(),
      agent: agent.name,
      runs,
      ledger,
      autopoll,
      notice: () => ({ ...noticeRoute(config.zulip), last: last() }),
      logDir: log.dir,
      minFreeMb: log.minFreeMb,
    },
    clock,
    runs,
    ledger,
    steps,
    agent,
    metrics,
    problems: createReadiness({
      ledger,
      table,
      logDir: log.dir,
      minFreeMb: log.minFreeMb,
      phase: () => (closing.signal.aborted ? 'closing' : isAdopted ? 'open' : 'adopting'),
      clock,
      logger,
    }),
    defaults: {
      ...launch,
      access,
      places,
      logDir: log.dir,
      notify,
      route: describeRoute(config.zulip),
      notifyByScript: (script) => told(scriptNotices(script, env, logger)),
    },
  })
  const url = await app.listen({ host: config.http.host, port: config.http.port })
  claimed.publish(url)
  // Runs of an earlier life are taken up while the service already answers; launches wait for it.
  const adopted = runs.adopt().then(() => {
    isAdopted = true
  })
  background.push(adopted)
  const removeFailed = (error: unknown) => logger.error({ err: error }, 'logs.remove.fail')
  background.push(adopted.then(() => repeat(removeOld, RETENTION_EVERY_MS, removeFailed)))
  if (autopoll) background.push(adopted.then(() => autopoll.run(closing.signal)))
  logger.info({ url }, 'service.start')
  return { url, warnings, close }

  async function repeat(work: () => Promise<void>, everyMs: number, failed: (error: unknown) => void) {
    while (!closing.signal.aborted) {
      await work().catch(failed)
      await clock.sleep(everyMs, closing.signal).catch(() => undefined)
    }
  }
}

function versionOf(projectDir: string): string {
  return JSON.parse(readFileSync(path.join(projectDir, 'package.json'), 'utf8')).version
}

function tokensOf({ http }: Config, clock: Clock, logger: Logger): TokenCheck | null {
  if (http.token === null && http.tokensFile === null) return null
  const complain = (message: string) => logger.error({ message }, 'tokens.fail')
  return asSetting(() => createTokenCheck(http.token, http.tokensFile, clock.now, complain))
}

/** What fails because of a file that a setting names is the owner's to mend, like the setting itself. */
function asSetting<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new ConfigError([messageOf(error)])
  }
}
