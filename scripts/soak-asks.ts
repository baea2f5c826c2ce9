import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemClock } from '../src/base/clock.ts'
import { startLoopbackZulip } from '../test/fixtures/loopback-zulip.ts'
import { type AgentRun, askOnce, beginAgent } from './soak/asking.ts'
import { chance } from './soak/chance.ts'
import { soakEnvironment } from './soak/environment.ts'
import { readNumbers } from './soak/numbers.ts'
import { type Life, startLife } from './soak/service.ts'
import { startSwitch } from './soak/zulip-switch.ts'

/**
 * Holds questions of agents to their promise: while the service is killed, the wire to Zulip cut and calls of agents are cut off
 * at any moment, none is lost, none is answered twice, each run that was parked goes on once, and each question and each answer is
 * told to people once. Exits 1 where that was broken. Where an answer is lost on its last inch, its agent asks anew: that is counted.
 *
 * usage: node scripts/soak-asks.ts [--asks 500] [--parked 50] [--runs 8] [--kills 40] [--cuts 40] [--seed N]
 */

const number = readNumbers({ asks: 500, parked: 50, runs: 8, kills: 40, cuts: 40 })
const [asks, parked, runs] = [number('asks'), number('parked'), number('runs')]
const [kills, cuts, seed] = [number('kills'), number('cuts'), number('seed')]
if (parked > asks || runs === 0 || runs > 32) throw new Error('parked are some of the asks, and 1 to 32 runs')

const LIMIT_MS = 1_800_000
/** So much does a run ask at a time, and so many runs are being parked. */
const AT_A_TIME = 4
const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-soak-asks-'))
const logDir = path.join(dir, 'logs')
mkdirSync(logDir)
const over = new AbortController()
const deadline = AbortSignal.any([over.signal, AbortSignal.timeout(LIMIT_MS)])
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => over.abort())

const zulip = await startLoopbackZulip()
const wire = await startSwitch(zulip.url)
const problems: string[] = []
let life = begin()
let isOver = false
let killed = 0
/** The answers that the service took, by question and ask. */
const taken = new Map<string, string[]>()
const heard = new Map<string, string>()
const parkedRuns: AgentRun[] = []
const sleep = (ms: number) => systemClock.sleep(ms, deadline)

function begin(): Life {
  const env = {
    ...soakEnvironment(dir, logDir),
    CODEX_HOME: path.join(dir, 'codex-home'),
    LOOPER_AGENT_TOOLS: '1',
    LOOPER_MAX_RUNS: String(runs + 2 * AT_A_TIME + 4),
    LOOPER_WORKSPACE_ROOTS: '/',
    LOOPER_MIN_FREE_MB: '0',
    ZULIP_SITE: wire.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
  }
  return startLife(env, ({ how }) => {
    problems.push(how)
    over.abort()
  })
}

async function where(): Promise<string> {
  for (;;) {
    const url = await life.url
    if (url !== null) return url
    await sleep(20)
  }
}

/** Its agent asks until it has heard the answer, whatever comes between. */
async function askAll(run: AgentRun, numbers: readonly number[]): Promise<void> {
  for (const one of numbers) {
    const dice = chance(seed, one)
    const question = `question ${one} of the soak?`
    for (let told = null; told?.state !== 'answered'; ) {
      told = await askOnce(where, run, { question }, { dice, over: deadline })
      if (told?.state === 'answered') heard.set(`${question} ${told.id}`, String(told.answer))
      else await sleep(dice.whole(10, 300))
    }
  }
}

async function park(one: number): Promise<void> {
  const dice = chance(seed, one)
  const run = await beginAgent(where, dir, `parked-${one % AT_A_TIME}`, deadline)
  const question = `question ${one} of the soak, parked?`
  // Where nobody knows the run any more, it is parked.
  for (let told = null; told === null; ) {
    told = await askOnce(where, run, { question, park: true }, { dice, over: deadline })
    if (told !== null) break
    await sleep(dice.whole(10, 300))
    if ((await outcomeOf(run)) === 'parked') break
  }
  while ((await outcomeOf(run)) === null) await sleep(100)
  parkedRuns.push(run)
}

async function get(route: string): Promise<Record<string, unknown>> {
  for (;;) {
    try {
      const response = await fetch(`${await where()}${route}`, { signal: deadline })
      if (response.ok) return Object(await response.json())
    } catch {
      deadline.throwIfAborted()
    }
    await sleep(50)
  }
}

const outcomeOf = async ({ runId }: AgentRun) => (await get(`/runs/${runId}`)).outcome

/** People answer what they see, some of them twice, and again where they do not know what became of it. */
async function answerAll(): Promise<void> {
  const dice = chance(seed, -7)
  const underWay = new Set<string>()
  const answer = async (id: string, question: string, text: string) => {
    await sleep(dice.whole(0, 2500))
    for (;;) {
      try {
        const response = await fetch(`${await where()}/asks/${id}/answer`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ answer: text }),
          signal: deadline,
        })
        const key = `${question} ${id}`
        if (response.status === 200) taken.set(key, [...(taken.get(key) ?? []), text])
        if (response.status === 200 || response.status === 409) return
      } catch {
        deadline.throwIfAborted()
      }
      await sleep(100)
    }
  }
  while (!isOver) {
    const { asks: open } = await get('/asks?state=open&limit=500')
    for (const { ask_id: id, question } of Array.isArray(open) ? open : []) {
      if (underWay.has(id)) continue
      underWay.add(id)
      const times = dice.happens(0.2) ? 2 : 1
      for (let n = 0; n < times; n++)
        answer(id, question, `answer ${n} to ${question}`).catch((error: unknown) => {
          if (!deadline.aborted) problems.push(String(error))
        })
    }
    await sleep(100)
  }
}

async function killAgainAndAgain(): Promise<void> {
  while (!isOver && killed < kills) {
    // A life is one as soon as it listens, however slow the machine is.
    await where()
    await sleep(chance(seed, -100 - killed).between(100, 6000))
    if (isOver) return
    life.end('SIGKILL')
    await life.ended
    killed++
    life = begin()
  }
}

async function cutAgainAndAgain(): Promise<void> {
  for (let index = 0; index < cuts && !isOver; index++) {
    const { between } = chance(seed, -1000 - index)
    await sleep(between(300, 4000))
    await wire.off()
    await sleep(between(0, 800))
    await wire.on()
  }
}

console.log(
  `soak of asks: --seed ${seed}, ${asks} asks, ${parked} of them parked, ${runs} runs, ${kills} kills, ${cuts} cuts, in ${dir}`,
)
const start = performance.now()
const progress = setInterval(
  () => console.log(`${heard.size} answers heard, ${parkedRuns.length} runs parked, ${killed} kills`),
  10_000,
)
const plain = Array.from({ length: asks - parked }, (_, index) => index)
const parking = Array.from({ length: parked }, (_, index) => asks - parked + index)
/** So many at a time, each when the one before it has ended. */
const inLanes = (
  lanes: number,
  numbers: readonly number[],
  work: (own: readonly number[]) => Promise<void>,
) => Array.from({ length: lanes }, (_, lane) => work(numbers.filter((one) => one % lanes === lane)))

try {
  const agents = await Promise.all(
    Array.from({ length: runs }, (_, index) => beginAgent(where, dir, `agent-${index}`, deadline)),
  )
  const hardships = Promise.all([answerAll(), killAgainAndAgain(), cutAgainAndAgain()]).catch(
    (error: unknown) => {
      if (!deadline.aborted) problems.push(String(error))
      over.abort()
    },
  )
  await Promise.all([
    ...agents.flatMap((run, index) => {
      const own = plain.filter((one) => one % runs === index).map((one, place) => [place, one] as const)
      return Array.from({ length: AT_A_TIME }, (_, lane) =>
        askAll(
          run,
          own.filter(([place]) => place % AT_A_TIME === lane).map(([, one]) => one),
        ),
      )
    }),
    ...inLanes(AT_A_TIME, parking, async (own) => {
      for (const one of own) await park(one)
    }),
  ])
  // Each of those that were parked goes on, and what would begin twice begins now.
  const goneOn = async (run: AgentRun) => {
    for (;;) {
      const { runs: all } = await get('/runs?limit=500')
      const own = (Array.isArray(all) ? all : []).filter(({ session_id }) => session_id === run.session)
      if (own.length > 1 && own.every(({ outcome }) => outcome !== null)) return
      await sleep(300)
    }
  }
  for (const run of parkedRuns) await goneOn(run)
  isOver = true
  await hardships
  await sleep(2000)
} catch (error) {
  if (problems.length === 0) problems.push(over.signal.aborted ? 'interrupted' : String(error))
} finally {
  isOver = true
  clearInterval(progress)
  life.end('SIGTERM')
  await life.ended
  await wire.close()
  await zulip.close()
}

if (problems.length > 0) {
  for (const problem of problems) console.log(problem)
  process.exit(1)
}
const db = new DatabaseSync(path.join(logDir, 'looper.db'), { readOnly: true })
const rows = db.prepare('SELECT id, question, state, answer FROM asks ORDER BY seq').all()
const asked = new Map<string, number>()
let announced = 0
for (const { id, question, state, answer } of rows) {
  const key = `${question} ${id}`
  asked.set(String(question), (asked.get(String(question)) ?? 0) + 1)
  const answers = taken.get(key) ?? []
  if (state !== 'answered') problems.push(`${key} is ${state}`)
  if (answers.length > 1) problems.push(`${key} was answered ${answers.length} times`)
  if (answers.length === 1 && answers[0] !== answer) problems.push(`${key}: the answer is another one`)
  if (heard.has(key) && heard.get(key) !== answer) problems.push(`${key}: its agent heard another answer`)
  for (const [step, words] of [
    ['open', `asks (${id}): `],
    ['answered', `ask ${id} was answered`],
  ] as const) {
    // What a conversation bears a minute is bounded: most wait still. What has arrived long ago is not kept.
    const waits = db.prepare('SELECT 1 FROM outbox WHERE key = ?').get(`ask ${id} ${step}`) !== undefined
    const arrived = zulip.messages.filter(({ content }) => content.includes(words)).length
    if (waits || arrived === 1) announced++
    else problems.push(`${key}: nobody was told that it is ${step}`)
    if (arrived > 1) problems.push(`${key}: people were told ${arrived} times that it is ${step}`)
  }
}
if (asked.size !== asks) problems.push(`${asks - asked.size} questions are not on the record`)
const anew = rows.length - asked.size
for (const { session, runId } of parkedRuns) {
  const own = db.prepare('SELECT count(*) AS count FROM runs WHERE session_id = ?').get(session)
  if (own?.count !== 2) problems.push(`${runId} was parked, and went on ${Number(own?.count) - 1} times`)
}
db.close()
console.log(
  `${rows.length} asks, ${heard.size} answers heard, ${parkedRuns.length} runs parked and gone on, ${anew} asked anew as the answer was lost on its way, ` +
    `${announced} announced, ${killed} kills, ${Math.round((performance.now() - start) / 1000)} s`,
)
for (const problem of problems) console.log(problem)
if (problems.length === 0) rmSync(dir, { recursive: true })
process.exitCode = problems.length === 0 ? 0 : 1
