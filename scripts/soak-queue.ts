import { randomInt, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/base/clock.ts'
import { chance } from './soak/chance.ts'
import { soakEnvironment } from './soak/environment.ts'
import { openFamily } from './soak/family.ts'
import { type Life, startLife } from './soak/service.ts'

/**
 * Holds the queue to its promise: of runs that wait in several slots, while the service is killed again and again, none is lost,
 * none begins twice, and each slot keeps its order. Exits 1 where that was broken.
 *
 * usage: node scripts/soak-queue.ts [--requests 500] [--slots 8] [--kills 60] [--seed N]
 */

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '500' },
    slots: { type: 'string', default: '8' },
    kills: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
})
const [requests, slots, kills, seed] = [values.requests, values.slots, values.kills, values.seed].map(Number)
if (!requests || !slots || kills === undefined || seed === undefined) throw new Error('numbers are expected')

const LIMIT_MS = 900_000
const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-soak-queue-'))
const family = openFamily(randomUUID())
const env = {
  ...soakEnvironment(dir, path.join(dir, 'logs')),
  ...family.env,
  LOOPER_WORKSPACE_ROOTS: '/',
  LOOPER_MAX_RUNS: String(slots),
  CODEX_EXEC_STARTUP_CHECK_SECONDS: '0',
}
const problems: string[] = []
const over = new AbortController()
const deadline = AbortSignal.any([over.signal, AbortSignal.timeout(LIMIT_MS)])
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => over.abort())

let killed = 0
let life: Life = begin()
function begin(): Life {
  return startLife(env, ({ how }) => problems.push(how))
}

/** Lives one after the other; each is killed at a moment of its own. */
async function lives(): Promise<void> {
  for (let index = 0; killed < Number(kills); index++) {
    await systemClock.sleep(chance(Number(seed), index).between(100, 2500), deadline)
    life.end('SIGKILL')
    await life.ended
    killed++
    life = begin()
  }
}

/** Asks until it is answered, with a key: whoever hears nothing asks again. */
async function ask(slot: number, number: number): Promise<void> {
  const ms = chance(Number(seed), -number).whole(0, 150)
  const workspace = path.join(dir, `slot-${slot}`)
  const prompt = `echo ${number} >>'${path.join(dir, `began-${slot}`)}'; sleep ${ms / 1000}`
  const body = {
    zulip_message: `run ${number}`,
    codex_prompt: prompt,
    workspace,
    slot: `s${slot}`,
    if_running: 'queue',
  }
  for (;;) {
    const answer = await fetch(`${await life.url}/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': String(number) },
      body: JSON.stringify(body),
      signal: deadline,
    }).catch(() => null)
    deadline.throwIfAborted()
    const told = answer && (await answer.text().catch(() => null))
    if (answer && told !== null) {
      if (answer.ok || told.includes('LOOPER_KEY_INTERRUPTED')) return
      if (answer.status !== 503 && !told.includes('LOOPER_KEY_IN_USE'))
        problems.push(`run ${number}: ${answer.status} ${told}`)
    }
    await systemClock.sleep(50, deadline)
  }
}

const numbersOf = (slot: number) =>
  Array.from({ length: Number(requests) }, (_, number) => number).filter(
    (number) => number % Number(slots) === slot,
  )

async function fill(slot: number): Promise<void> {
  mkdirSync(path.join(dir, `slot-${slot}`))
  for (const number of numbersOf(slot)) await ask(slot, number)
}

function began(slot: number): number[] {
  try {
    return readFileSync(path.join(dir, `began-${slot}`), 'utf8')
      .trim()
      .split('\n')
      .map(Number)
  } catch {
    return []
  }
}

const all = Array.from({ length: slots }, (_, slot) => slot)
console.log(
  `soak of the queue: --seed ${seed}, ${requests} runs in ${slots} slots, ${kills} kills, in ${dir}`,
)
const start = performance.now()
try {
  await Promise.all([lives(), ...all.map(fill)])
  const count = () => all.reduce((sum, slot) => sum + began(slot).length, 0)
  while (count() < requests) await systemClock.sleep(100, deadline)
  // What began twice would follow.
  await systemClock.sleep(1000, deadline)
  for (const slot of all) {
    const [wanted, seen] = [numbersOf(slot).join(' '), began(slot).join(' ')]
    if (wanted !== seen) problems.push(`slot ${slot}: ${seen}, where ${wanted} was asked for`)
  }
} catch (error) {
  problems.push(over.signal.aborted ? 'interrupted' : String(error))
  for (const slot of all) problems.push(`slot ${slot}: ${began(slot).join(' ')}`)
} finally {
  life.end('SIGTERM')
  await life.ended
  await family.clear()
}
const seconds = Math.round((performance.now() - start) / 1000)
console.log(
  `${all.reduce((sum, slot) => sum + began(slot).length, 0)} runs began, ${killed} kills, ${seconds} s`,
)
for (const problem of problems) console.log(problem)
if (problems.length === 0) rmSync(dir, { recursive: true })
process.exitCode = problems.length === 0 ? 0 : 1
