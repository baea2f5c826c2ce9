import { randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { systemClock } from '../src/base/clock.ts'
import { messageOf } from '../src/base/errors.ts'
import { startLoopbackZulip } from '../test/fixtures/loopback-zulip.ts'
import { readArguments } from './soak/arguments.ts'
import { type Chance, chance } from './soak/chance.ts'
import { postRun } from './soak/client.ts'
import { watchDoubles } from './soak/doubles.ts'
import { soakEnvironment } from './soak/environment.ts'
import { openFamily } from './soak/family.ts'
import { openHardships } from './soak/hardships.ts'
import { dealMischief, type Mischief, makeMischief } from './soak/mischief.ts'
import { openInspection, type Violation } from './soak/promises.ts'
import { dealBody } from './soak/prompts.ts'
import { linesOf } from './soak/report.ts'
import { type Crash, type Life, startLife } from './soak/service.ts'
import { startSwitch } from './soak/zulip-switch.ts'

/**
 * Holds the service to its promises for thousands of runs, while the service, wrappers and agents are killed, Zulip comes
 * and goes, and the service runs out of descriptors and disk, and waits for its ledger. First a storm of kills; then a calm,
 * in which one service lives long enough for its memory and descriptors to be compared. Exits 1 where a promise was broken.
 */

/** The share of the runs for which one service lives. */
const CALM = 0.3
// Often, so that no orphan is killed by chance before it is found.
const LOOK_EVERY_RUNS = 5
const STOP_LIMIT_MS = 20_000
/** Who is told so must not have been announced. */
const NEVER_ANNOUNCED: ReadonlySet<string> = new Set([
  'LOOPER_BUSY',
  'LOOPER_DISK_FULL',
  'LOOPER_LEDGER_UNWRITABLE',
])

const wanted = readArguments()
if (process.platform !== 'linux') {
  console.error('the soak looks at processes through /proc, which this system does not have')
  process.exit(2)
}

const begin = performance.now()
const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-soak-'))
const workspace = path.join(dir, 'workspace')
mkdirSync(workspace)
const witness = { lockFile: path.join(dir, 'agents.lock'), doublesFile: path.join(dir, 'doubles') }

const stopping = new AbortController()
const over = stopping.signal
// The terminal and npm both tell of a Ctrl-C.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())

const family = openFamily(randomUUID())
const hardships = openHardships(dir, over)
const zulip = await startLoopbackZulip()
const wire = await startSwitch(zulip.url)
const violations: Violation[] = []
const tally = new Map<string, number>()
const accepted = new Set<string>()
const announced = new Set<string>()
const unannounced = new Set<string>()
const wrapperKilled = new Set<string>()
const lives: Life[] = []
const wasFullSince = (moment: number) => hardships.since(moment, 'disk full')
const inspection = openInspection({ family, wrapperKilled, wasFullSince, accepted, violated, over })
zulip.onMessage(({ content }) => announced.add(content))

const counted = (name: string) => tally.get(name) ?? 0
const add = (name: string) => tally.set(name, counted(name) + 1)

function violated(violation: Violation): void {
  violations.push(violation)
  say(`${violation.kind}: run ${violation.runId}: ${violation.what}`)
}

function say(line: string): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  console.log(line)
}

const env = {
  ...soakEnvironment(dir, hardships.logDir),
  ...family.env,
  LOOPER_STOP_GRACE_SECONDS: '0.5',
  CODEX_EXEC_STARTUP_CHECK_SECONDS: '0',
  ZULIP_SITE: wire.url,
  ZULIP_BOT_EMAIL: zulip.account.email,
  ZULIP_BOT_API_KEY: zulip.account.key,
}

/** A service that listens: the one there is, else a new one. */
async function serve(dice: Chance, isStorm: boolean): Promise<{ life: Life; url: string }> {
  for (;;) {
    let life = lives.at(-1)
    if (life && !life.isOver() && life.asked) await goneInTime(life)
    if (!life || life.isOver()) {
      const bornAt = Date.now()
      life = startLife(env, (crash) => crashed(crash, bornAt))
      lives.push(life)
      // Also in its first moments, while it takes up what the one before left.
      if (isStorm && dice.happens(0.1)) {
        await systemClock.sleep(dice.between(0, 1200), over)
        strike(life)
      }
    }
    const url = await life.url
    if (url !== null && !life.asked) return { life, url }
    over.throwIfAborted()
  }
}

function crashed({ how, couldNotStart }: Crash, bornAt: number): void {
  if (couldNotStart && hardships.since(bornAt)) add('start refused')
  else violated({ kind: 'crash', runId: null, what: how })
}

function strike(life: Life): void {
  if (life.isOver()) return
  life.end('SIGKILL')
  add('service killed')
}

async function goneInTime(life: Life): Promise<void> {
  const limit = AbortSignal.any([over, AbortSignal.timeout(STOP_LIMIT_MS)])
  const stopped = await Promise.race([life.ended, systemClock.sleep(STOP_LIMIT_MS, limit).catch(() => null)])
  over.throwIfAborted()
  if (stopped === null || stopped === undefined) {
    violated({
      kind: 'stuck',
      runId: null,
      what: `the service did not stop within ${STOP_LIMIT_MS / 1000} s`,
    })
    life.end('SIGKILL')
    await life.ended
  } else if (stopped) {
    for (const { pid, cookie } of family.members()) {
      if (cookie) violated({ kind: 'orphan', runId: cookie, what: `pid ${pid} outlived the service's stop` })
    }
  }
}

async function request(url: string, dice: Chance, message: string): Promise<void> {
  const { body, isGood } = dealBody(dice, message, { ...witness, workspace })
  if (!isGood) unannounced.add(message)
  const askedAt = Date.now()
  const reply = await postRun(url, body, over)
  add(reply.kind === 'refused' ? `${reply.status} ${reply.code}` : reply.kind)
  switch (reply.kind) {
    case 'accepted':
      if (reply.runId !== null) accepted.add(reply.runId)
      if (!isGood) violated({ kind: 'announced', runId: reply.runId, what: 'what cannot work was accepted' })
      if (!announced.has(message))
        violated({ kind: 'unfounded', runId: reply.runId, what: 'it was accepted, but never announced' })
      return
    case 'refused':
      if (NEVER_ANNOUNCED.has(reply.code)) unannounced.add(message)
      if (reply.code === 'LOOPER_INTERNAL' && !hardships.since(askedAt))
        violated({ kind: 'crash', runId: null, what: `${message}: 500` })
      return
    case 'stuck':
      violated({ kind: 'stuck', runId: null, what: `no answer to "${message}"` })
  }
}

async function step(index: number): Promise<void> {
  const dice = chance(wanted.seed, index)
  const stormRuns = wanted.runs * (1 - CALM)
  const left = wanted.kills - counted('service killed')
  const isStorm = accepted.size < stormRuns || left > 0
  const { life, url } = await serve(dice, isStorm)
  const killing = isStorm ? Math.min(0.6, left / Math.max(1, stormRuns - accepted.size)) : 0
  const work = dealMischief(dice, killing, isStorm).map(async (kind: Mischief) => {
    const scene = { family, life, zulip, wire, hardships, wrapperKilled, over }
    if (await makeMischief(kind, dice, scene)) add(kind)
  })
  const messages = dice.happens(0.08) ? [`${index}a`, `${index}b`] : [`${index}`]
  await Promise.all([...work, ...messages.map((message) => request(url, dice, `Soak, request ${message}`))])
  await systemClock.sleep(dice.happens(0.6) ? 0 : dice.between(0, 150), over)
}

async function soak(): Promise<void> {
  let looked = 0
  for (let index = 0; accepted.size < wanted.runs || counted('service killed') < wanted.kills; index++) {
    await step(index)
    const life = lives.at(-1)
    if (accepted.size - looked < LOOK_EVERY_RUNS || !life || life.asked) continue
    const url = await life.url
    if (url !== null) await inspection.look(url)
    looked = accepted.size
  }
  const { life, url } = await serve(chance(wanted.seed, -1), false)
  // An outage that no message has met yet would have this one refused, and the last run live on.
  zulip.recover()
  await postRun(url, { zulip_message: 'Soak, the end', codex_prompt: '' }, over)
  await inspection.conclude(url)
  life.end('SIGTERM')
  await goneInTime(life)
  for (const message of unannounced) {
    if (announced.has(message)) violated({ kind: 'announced', runId: null, what: `"${message}" was refused` })
  }
  for (const runId of readDoubles()) {
    violated({ kind: 'double', runId, what: 'its agent started while another tree held the lock' })
  }
}

function readDoubles(): string[] {
  try {
    return readFileSync(witness.doublesFile, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

async function showProgress(): Promise<void> {
  while (process.stdout.isTTY && !over.aborted) {
    const line = `${accepted.size} runs, ${counted('service killed')} service kills, ${violations.length} violations`
    process.stdout.write(`\r\u001b[K${line}`)
    await systemClock.sleep(1000, over).catch(() => undefined)
  }
}

say(`soak: --seed ${wanted.seed}, ${wanted.runs} runs, ${wanted.kills} service kills, in ${dir}`)
for (const what of hardships.missing) say(`left out: ${what}`)
const doubles = watchDoubles(
  family,
  ({ runIds, pids }) =>
    violated({ kind: 'double', runId: runIds.join(' and '), what: `alive at once: pids ${pids.join(' ')}` }),
  over,
)
const progress = showProgress()
let failure: string | null = null
try {
  await soak()
} catch (error) {
  failure = over.aborted ? 'interrupted' : messageOf(error)
} finally {
  stopping.abort()
  const looks = await doubles
  await progress
  for (const life of lives.filter((one) => !one.isOver())) {
    life.end('SIGKILL')
    await life.ended
  }
  await family.clear()
  await wire.close()
  await zulip.close()
  for (const line of linesOf({ seed: wanted.seed, begin, looks, violations, tally, lives, inspection }))
    say(line)
  if (failure) say(failure)
  process.exitCode = failure || violations.length > 0 ? 1 : 0
  if (violations.length > 0) {
    if (hardships.logDir !== dir) cpSync(hardships.logDir, path.join(dir, 'logs'), { recursive: true })
    say(`not as promised; the logs are kept in ${dir}`)
  } else rmSync(dir, { recursive: true, force: true })
  hardships.close()
}
