import { randomInt, randomUUID } from 'node:crypto'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/base/clock.ts'
import { chance } from './soak/chance.ts'
import { getRun, postRun } from './soak/client.ts'
import { soakEnvironment } from './soak/environment.ts'
import { openFamily } from './soak/family.ts'
import { startLife } from './soak/service.ts'

/**
 * Holds the cap over the disk to its promise: while run after run leaves a log, a session and a record, all of it together stays
 * within a tenth of the cap once that is reached, and each run that can be resumed goes on in its session. Exits 1 where that
 * was broken.
 *
 * usage: node scripts/soak-disk.ts [--runs 1000] [--cap-mb 64] [--per-second 10] [--resumable-seconds 20] [--seed N]
 */

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    'cap-mb': { type: 'string', default: '64' },
    'per-second': { type: 'string', default: '10' },
    'resumable-seconds': { type: 'string', default: '20' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
})
const count = Number(values.runs)
const capMb = Number(values['cap-mb'])
const capBytes = capMb * 1_048_576
const everyMs = 1000 / Number(values['per-second'])
const resumableMs = Number(values['resumable-seconds']) * 1000
const seed = Number(values.seed)
if (![count, capMb, everyMs, resumableMs].every((number) => number > 0 && Number.isFinite(number)))
  throw new Error('numbers above 0 are expected')

const LIMIT_MS = 900_000
const SLOTS = 4
/** Of a log, and of a session. */
const MOST_BYTES = 200_000
/** Every so manieth request goes on in an earlier run. */
const RESUME_EVERY = 5
/** Nobody asks to resume a run in its last moments as a resumable one. */
const MARGIN_MS = 5000
const TOLERANCE = 0.1

const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-soak-disk-'))
const logs = path.join(dir, 'logs')
const sessions = path.join(dir, '.codex/sessions/2026/01/02')
mkdirSync(sessions, { recursive: true })
const family = openFamily(randomUUID())
const problems: string[] = []
const over = new AbortController()
const deadline = AbortSignal.any([over.signal, AbortSignal.timeout(LIMIT_MS)])
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => over.abort())

const env = {
  // Logs stay: the cap alone removes anything.
  ...soakEnvironment(dir, logs),
  ...family.env,
  LOOPER_WORKSPACE_ROOTS: '/',
  LOOPER_MAX_RUNS: String(SLOTS),
  LOOPER_DISK_CAP_MB: String(capMb),
  LOOPER_RESUMABLE_DAYS: String(resumableMs / 86_400_000),
}

/** A run that has ended, and may be gone on in. */
interface Ended {
  readonly runId: string
  readonly session: string
  /** Not before its end, by `performance.now`. */
  readonly seenAt: number
}
const ended = new Map<string, Ended>()
let resumed = 0
let written = 0

const fileOf = (session: string) => path.join(sessions, `rollout-2026-01-02T03-04-05-${session}.jsonl`)
const fill = (bytes: number) => `head -c ${bytes} /dev/zero | tr '\\0' x`

async function ask(url: string, slot: number, more: object): Promise<string | null> {
  const workspace = path.join(dir, `slot-${slot}`)
  mkdirSync(workspace, { recursive: true })
  const body = { zulip_message: 'a run', workspace, slot: `s${slot}`, wait: true, ...more }
  const reply = await postRun(url, body, deadline)
  if (reply.kind === 'accepted' && reply.runId !== null) return reply.runId
  problems.push(`a run was not taken: ${JSON.stringify(reply)}`)
  return null
}

async function begin(url: string, slot: number, number: number): Promise<void> {
  const session = randomUUID()
  const dice = chance(seed, number)
  const [log, kept] = [dice.whole(0, MOST_BYTES), dice.whole(1, MOST_BYTES)]
  const event = JSON.stringify({ type: 'thread.started', thread_id: session })
  const prompt = `${fill(kept)} >${fileOf(session)}; echo '${event}'; ${fill(log)}`
  const runId = await ask(url, slot, { codex_prompt: prompt })
  if (runId === null) return
  written += log + kept
  ended.set(session, { runId, session, seenAt: performance.now() })
}

/** Goes on in the run that is the next to be no resumable one any more. */
async function goOn(url: string, slot: number): Promise<boolean> {
  const [oldest] = [...ended.values()].filter(
    ({ seenAt }) => performance.now() - seenAt < resumableMs - MARGIN_MS,
  )
  if (!oldest) return false
  const { session, runId: resume } = oldest
  ended.delete(session)
  const runId = await ask(url, slot, { codex_prompt: `test -s ${fileOf(session)}`, resume })
  if (runId === null) return true
  const run = await getRun(url, runId, deadline)
  if (run === null || run === 'unknown' || run.session_id !== session || run.return_code !== 0)
    problems.push(`run ${resume} was not gone on in: ${JSON.stringify(run)}`)
  resumed++
  ended.set(session, { runId, session, seenAt: performance.now() })
  return true
}

/** What lies in a directory, in bytes. */
function bytesIn(of: string, counts: (name: string) => boolean = () => true): number {
  let sum = 0
  for (const name of readdirSync(of).filter(counts))
    sum += lstatSync(path.join(of, name), { throwIfNoEntry: false })?.size ?? 0
  return sum
}
const isOfRuns = (name: string) => name.startsWith('codex-exec-') || name.startsWith('looper.db')

/** As shares of the cap, once it was reached. */
const seen: number[] = []
function measure(): void {
  const share = (bytesIn(logs, isOfRuns) + bytesIn(sessions)) / capBytes
  if (seen.length > 0 || share > 1 - TOLERANCE / 2) seen.push(share)
}

console.log(`soak of the disk: --seed ${seed}, ${count} runs under ${capMb} MB, in ${dir}`)
const life = startLife(env, ({ how }) => problems.push(how))
const start = performance.now()
try {
  const url = await life.url
  if (url === null) throw new Error('the service did not start')
  const watch = setInterval(measure, 100)
  let next = 0
  let at = performance.now()
  async function lane(slot: number): Promise<void> {
    while (next < count) {
      const number = next++
      at = Math.max(at + everyMs, performance.now())
      await systemClock.sleep(Math.max(0, at - performance.now()), deadline)
      if (number % RESUME_EVERY === 0 && (await goOn(String(url), slot))) continue
      await begin(String(url), slot, number)
    }
  }
  await Promise.all(Array.from({ length: SLOTS }, (_, slot) => lane(slot)))
  while (await goOn(url, 0)) ended.delete([...ended.keys()].at(-1) ?? '')
  clearInterval(watch)
} catch (error) {
  problems.push(over.signal.aborted ? 'interrupted' : String(error))
} finally {
  life.end('SIGTERM')
  await life.ended
  await family.clear()
}

const [least, most] = [Math.min(...seen), Math.max(...seen)]
const percent = (share: number) => `${(share * 100).toFixed(1)} %`
if (seen.length === 0) problems.push('the cap was not reached')
else if (least < 1 - TOLERANCE || most > 1 + TOLERANCE) problems.push('what is there was not flat')
const seconds = Math.round((performance.now() - start) / 1000)
console.log(
  `${Math.round(written / 1_048_576)} MB were written in ${seconds} s, ${resumed} runs were gone on in; since the cap was reached, ${percent(least)} to ${percent(most)} of it were there (${seen.length} looks)`,
)
for (const problem of problems) console.log(problem)
if (problems.length === 0) rmSync(dir, { recursive: true })
process.exitCode = problems.length === 0 ? 0 : 1
