import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../src/base/clock.ts'
import { startLoopbackZulip } from '../test/fixtures/loopback-zulip.ts'
import { chance } from './soak/chance.ts'
import { readNumbers } from './soak/numbers.ts'
import { startSwitch } from './soak/zulip-switch.ts'

/**
 * Holds the outbox to its promise: of messages in several conversations, while the service and the wire to Zulip are cut at any
 * moment, none is lost, each conversation keeps its order, and none arrives twice, also where its answer was lost. Exits 1
 * where that was broken.
 *
 * usage: node scripts/soak-outbox.ts [--messages 2000] [--conversations 100] [--kills 60] [--cuts 60] [--seed N]
 */

// What one conversation bears a minute is bounded, so there are many.
const number = readNumbers({ messages: 2000, conversations: 100, kills: 60, cuts: 60 })
const [messages, conversations] = [number('messages'), number('conversations')]
const [kills, cuts, seed] = [number('kills'), number('cuts'), number('seed')]
if (messages === 0 || conversations === 0) throw new Error('there is nothing to send')

const LIMIT_MS = 900_000
const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-soak-outbox-'))
const over = new AbortController()
const deadline = AbortSignal.any([over.signal, AbortSignal.timeout(LIMIT_MS)])
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => over.abort())

const zulip = await startLoopbackZulip()
const wire = await startSwitch(zulip.url)
const problems: string[] = []
let written = 0
let life = begin()

function begin(): ChildProcess {
  const args = [path.join(import.meta.dirname, 'soak/outbox-life.ts'), path.join(dir, 'looper.db')]
  const child = spawn(process.execPath, [...args, String(conversations)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      ZULIP_SITE: wire.url,
      ZULIP_BOT_EMAIL: zulip.account.email,
      ZULIP_BOT_API_KEY: zulip.account.key,
    },
  })
  child.stdin.on('error', () => undefined)
  child.once('exit', (status) => {
    if (status === null) return
    problems.push(`it ended by itself, with ${status}`)
    over.abort()
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    written = Math.max(written, Number(line) + 1)
    if (child === life) next()
  })
  return child
}

/** What is not known to be on the record is said again. */
function next(): void {
  if (written < messages) life.stdin?.write(`${written}\n`)
}

async function kill(): Promise<void> {
  const ended = once(life, 'exit')
  life.kill('SIGKILL')
  await ended
}

async function killAgainAndAgain(): Promise<void> {
  for (let index = 0; index < kills; index++) {
    await systemClock.sleep(chance(seed, index).between(400, 2500), deadline)
    await kill()
    life = begin()
    next()
  }
}

async function cutAgainAndAgain(): Promise<void> {
  for (let index = 0; index < cuts; index++) {
    const { between } = chance(seed, -index - 1)
    await systemClock.sleep(between(100, 2500), deadline)
    await wire.off()
    await systemClock.sleep(between(0, 400), deadline)
    await wire.on()
  }
}

console.log(
  `soak of the outbox: --seed ${seed}, ${messages} messages in ${conversations} conversations, ${kills} kills, ${cuts} cuts, in ${dir}`,
)
const start = performance.now()
const numbers = () => zulip.messages.map(({ content }) => Number(/^message (\d+) /.exec(content)?.[1]))
const missing = () => messages - new Set(numbers()).size
const progress = setInterval(() => console.log(`${messages - missing()} of ${messages} arrived`), 10_000)
try {
  next()
  await Promise.all([killAgainAndAgain(), cutAgainAndAgain()])
  while (missing() > 0) await systemClock.sleep(100, deadline)
  // What would arrive twice comes now.
  await systemClock.sleep(3000, deadline)
} catch (error) {
  if (problems.length === 0) problems.push(over.signal.aborted ? 'interrupted' : String(error))
} finally {
  clearInterval(progress)
  await kill()
  await wire.close()
  await zulip.close()
}
const arrived = numbers()
const twice = arrived.filter((number, index) => arrived.indexOf(number) !== index)
if (missing() > 0) problems.push(`${missing()} messages are lost`)
if (twice.length > 0) problems.push(`these arrived twice: ${twice.join(' ')}`)
for (let conversation = 0; conversation < conversations; conversation++) {
  const own = [...new Set(arrived)].filter((number) => number % conversations === conversation)
  if (own.some((number, index) => number < Number(own[index - 1])))
    problems.push(`conversation ${conversation} has another order: ${own.join(' ')}`)
}
console.log(`${arrived.length} messages arrived, ${Math.round((performance.now() - start) / 1000)} s`)
for (const problem of problems) console.log(problem)
if (problems.length === 0) rmSync(dir, { recursive: true })
process.exitCode = problems.length === 0 ? 0 : 1
