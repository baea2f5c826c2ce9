import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemClock } from '../src/base/clock.ts'
import { carriers } from '../test/helpers/processes.ts'
import { chance } from './soak/chance.ts'
import { soakEnvironment } from './soak/environment.ts'
import { readNumbers } from './soak/numbers.ts'
import { type Life, startLife } from './soak/service.ts'

/**
 * Holds loops to their promise: while the service is killed at any moment, each loop has its rounds without a gap, each with one run that
 * happened once, and nothing is left of them. Exits 1 where that was broken.
 *
 * usage: node scripts/soak-loops.ts [--rounds 500] [--loops 4] [--kills 50] [--seed N]
 */

const number = readNumbers({ rounds: 500, loops: 4, kills: 50 })
const [loops, kills, seed] = [number('loops'), number('kills'), number('seed')]
if (loops === 0 || number('rounds') < loops) throw new Error('each loop has a round at least')
const names = Array.from({ length: loops }, (_, index) => `soak-${index}`)
const rounds = Math.ceil(number('rounds') / loops)

const LIMIT_MS = 1_800_000
const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-soak-loops-'))
const logDir = path.join(dir, 'logs')
mkdirSync(logDir)
const over = new AbortController()
const deadline = AbortSignal.any([over.signal, AbortSignal.timeout(LIMIT_MS)])
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => over.abort())
const sleep = (ms: number) => systemClock.sleep(ms, deadline)

// What stands before it in the prompt is comments to the shell that plays the agent.
const script = path.join(dir, 'agent.sh')
writeFileSync(
  script,
  `echo "$LOOPER_RUN_ID" >>runs
sleep "0.$(date +%N)"
printf 'OpenAI Codex v0.169.0\\nuser\\n\\ncodex\\n# %s\\ntokens used\\n7\\n' "$LOOPER_RUN_ID"
`,
)
const workspaceOf = (name: string) => path.join(dir, name)
for (const name of names) mkdirSync(workspaceOf(name))

const problems: string[] = []
let life = begin()
let isOver = false
let killed = 0

function begin(): Life {
  const env = {
    ...soakEnvironment(dir, logDir),
    LOOPER_MAX_RUNS: String(loops),
    LOOPER_WORKSPACE_ROOTS: dir,
    LOOPER_ALLOWED_EXECUTABLES: 'true:echo',
    LOOPER_MIN_FREE_MB: '0',
  }
  return startLife(env, ({ how }) => {
    problems.push(how)
    over.abort()
  })
}

/** Asks until it is answered: the service may be killed at any moment. */
async function ask(route: string, body?: object): Promise<Record<string, unknown>> {
  for (;;) {
    const url = await life.url
    try {
      const posted = body && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }
      const response = await fetch(`${url}${route}`, { ...posted, signal: deadline })
      if (response.ok) return Object(await response.json())
    } catch {
      deadline.throwIfAborted()
    }
    await sleep(50)
  }
}

async function killAgainAndAgain(): Promise<void> {
  while (!isOver && killed < kills) {
    // A life is one as soon as it listens, however slow the machine is.
    await life.url
    await sleep(chance(seed, killed).between(0, 3000))
    if (isOver) return
    life.end('SIGKILL')
    await life.ended
    killed++
    life = begin()
  }
}

async function stateOf(name: string): Promise<Record<string, unknown>> {
  return Object((await ask(`/loops/${name}`)).loop)
}

console.log(`soak of loops: --seed ${seed}, ${loops} loops of ${rounds} rounds, ${kills} kills, in ${dir}`)
const start = performance.now()
const progress = setInterval(() => console.log(`${linesOf().length} runs began, ${killed} kills`), 10_000)
const linesOf = () =>
  names.flatMap((name) => {
    try {
      return readFileSync(path.join(workspaceOf(name), 'runs'), 'utf8')
        .split('\n')
        .slice(0, -1)
    } catch {
      return []
    }
  })

try {
  for (const name of names) {
    const unlimited = { max_unchanged: 'unlimited', max_same_failures: 'unlimited' }
    await ask(`/loops/${name}`, {
      user: `exec /bin/sh ${script}`,
      workspace: workspaceOf(name),
      interval_seconds: 0,
      monitor: 'echo seen',
      gate: 'true',
      max_iterations: rounds,
      ...unlimited,
    })
    await ask(`/loops/${name}/start`, {})
  }
  const hardships = killAgainAndAgain()
  for (const name of names) while ((await stateOf(name)).state !== 'ended') await sleep(200)
  isOver = true
  await hardships
  // What would begin once more begins now.
  await sleep(2000)
  for (const name of names) {
    const { cause } = await stateOf(name)
    if (cause !== 'iterations') problems.push(`${name} ended with the cause ${cause}`)
  }
} catch (error) {
  if (problems.length === 0) problems.push(over.signal.aborted ? 'interrupted' : String(error))
} finally {
  isOver = true
  clearInterval(progress)
  life.end('SIGTERM')
  await life.ended
}

const left = carriers(`CODEX_EXEC_LOG_DIR=${logDir}\0`)
if (left.length > 0) problems.push(`these are left: ${left.join(' ')}`)
const db = new DatabaseSync(path.join(logDir, 'looper.db'), { readOnly: true })
let failed = 0
for (const name of names) {
  const rows = db.prepare('SELECT round FROM loop_rounds WHERE loop = ? ORDER BY id').all(name)
  const all = rows.map(({ round }) => Object(JSON.parse(String(round))))
  const numbers = all.map(({ iteration }) => Number(iteration))
  if (numbers.length !== rounds || numbers.some((one, index) => one !== index + 1))
    problems.push(`${name} has the rounds ${numbers.join(' ')}`)
  failed += all.filter(({ error }) => error !== null).length
  const recorded = all.map(({ runId }) => String(runId))
  const happened = readFileSync(path.join(workspaceOf(name), 'runs'), 'utf8')
    .split('\n')
    .slice(0, -1)
  if (recorded.join(' ') !== happened.join(' '))
    problems.push(`${name} has the runs ${recorded.join(' ')}, and these happened: ${happened.join(' ')}`)
}
db.close()
console.log(
  `${linesOf().length} rounds, ${failed} of them failed, ${killed} kills, ${Math.round((performance.now() - start) / 1000)} s`,
)
if (failed > 0) problems.push(`${failed} rounds failed`)
for (const problem of problems) console.log(problem)
if (problems.length === 0) rmSync(dir, { recursive: true })
process.exitCode = problems.length === 0 ? 0 : 1
