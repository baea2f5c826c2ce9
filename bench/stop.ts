import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../src/base/clock.ts'
import { launch } from '../src/places/host/launch.ts'
import { createWrappers } from '../src/places/host/wrappers.ts'
import { linuxTable } from '../src/processes/linux.ts'
import { type Bench, bench, processes } from './frame/bench.ts'
import { atMost, type Row, seen } from './frame/report.ts'
import { post, startLooper, writeAgent } from './frame/servers.ts'
import { median, quantile } from './frame/statistics.ts'

/**
 * From a request that only stops to its answer, which comes when the end of every tree is verified: trees of three
 * processes that obey, behind the wrapper, as a service leaves them that was killed and whose ledger is lost. So a
 * service may find many.
 *
 * usage: node bench/stop.ts [--quick]
 */

const SIZES = [
  { trees: 1, limit: 100, rounds: 30 },
  { trees: 50, limit: 80, rounds: 10 },
]

/** It takes its tools along when it is asked to end. */
const AGENT = `#!/bin/sh
trap 'kill $first $second; wait; exit 130' INT TERM
sleep 3600 & first=$!
sleep 3600 & second=$!
echo >"$1"
wait
`

/** Resolves with the agent's pid when all three processes are there. */
async function plantTree(run: Bench, program: string): Promise<number> {
  const runId = randomUUID()
  const stateDir = path.join(run.dir, 'logs/.runs')
  const isUp = path.join(run.dir, `${runId}.up`)
  const { agent } = await launch({
    runId,
    stateDir,
    workspace: run.dir,
    command: { argv: [program, isUp], stdin: null, env: {}, files: {} },
    logPath: path.join(run.dir, `${runId}.log`),
    env: run.env,
    table: linuxTable(),
    clock: systemClock,
    wrappers: createWrappers(stateDir),
    assertAllowed: () => undefined,
  })
  while (!existsSync(isUp)) await setTimeout(2)
  return agent.pid
}

/** Which of the agents and their children are alive. */
function membersOf(agents: readonly number[]): number[] {
  return processes().filter((pid) => {
    const [state, parent] = statOf(pid)
    return state !== 'Z' && (agents.includes(pid) || agents.includes(Number(parent)))
  })
}

/** State and parent; nothing where it is gone. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  } catch {
    return []
  }
}

const isAlive = (pid: number) => statOf(pid).length > 0 && statOf(pid)[0] !== 'Z'

await bench('stop', 'From the request to stop to the verified end of all trees', async (run) => {
  const agent = writeAgent(run, AGENT)
  const looper = await startLooper(run, { CODEX_EXEC_BINARY: agent })
  const rows: Row[] = []
  for (const { trees, limit, rounds } of SIZES) {
    const values: number[] = []
    for (let round = -1; round < (run.isQuick ? 1 : rounds); round++) {
      const agents = await Promise.all(Array.from({ length: trees }, () => plantTree(run, agent)))
      const members = membersOf(agents)
      if (members.length !== 3 * trees) throw new Error(`${members.length} processes in ${trees} trees`)
      const begin = performance.now()
      const answer = await post(`${looper.url}/run`, { zulip_message: 'stop', codex_prompt: '' })
      const ms = performance.now() - begin
      const left = members.filter(isAlive)
      if (left.length > 0 || answer.killed_codex_exec_pids.length !== trees) {
        throw new Error(`${left.length} processes are left, and the answer was ${JSON.stringify(answer)}`)
      }
      if (round >= 0) values.push(ms)
    }
    const what = trees === 1 ? 'stop: 1 tree' : `stop: ${trees} trees`
    rows.push(atMost(`${what}, p50`, median(values), 'ms', limit))
    rows.push(seen(`${what}, p95`, quantile(values, 0.95), 'ms'))
  }
  return rows
})
