import { once } from 'node:events'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Bench, bench } from './frame/bench.ts'
import { atMost, seen } from './frame/report.ts'
import { post, startLooper, writeAgent } from './frame/servers.ts'
import { median } from './frame/statistics.ts'

/**
 * An agent writes a gibibyte of lines: how long it takes behind Looper, with and without the mirror into the server log,
 * beside a shell's `agent > file`, in turn; and what the flood does to the service.
 *
 * usage: node bench/flood.ts [--quick]
 */

const LINE = 'The quick brown fox jumps over the lazy dog while the agent tells what it does.'

/** What a flood did to the service. */
interface Flood {
  readonly seconds: number
  /** Until all of it was on the record, and mirrored. */
  readonly wholeSeconds: number
  readonly growthMb: number
  /** The event loop's delay. */
  readonly p99: number
}

/** Writes as many bytes as its last argument says, and then when it began and ended, by its own clock. */
const agentOf = (times: string) => `#!/bin/sh
for bytes; do :; done
begin=$(date +%s%N)
yes '${LINE}' | head -c "$bytes"
echo "$begin $(date +%s%N)" >${times}
`

async function eventLoopDelay(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(metrics)?.[1]) * 1000
}

await bench('flood', 'An agent that writes 1 GiB', async (run) => {
  const bytes = run.isQuick ? 2 ** 25 : 2 ** 30
  const times = path.join(run.dir, 'times')
  const agent = writeAgent(run, agentOf(times))
  const secondsOfAgent = () => {
    const [begin = 0, end = 0] = readFileSync(times, 'utf8').trim().split(' ').map(Number)
    return (end - begin) / 1e9
  }

  async function plain(header = ''): Promise<number> {
    const file = path.join(run.dir, 'plain')
    writeFileSync(file, header)
    await once(run.spawn('/bin/sh', ['-c', `${agent} ${bytes} >>${file}`]), 'exit')
    rmSync(file)
    return secondsOfAgent()
  }

  const sides = { off: [] as Flood[], on: [] as Flood[], plain: [] as number[], headed: [] as number[] }
  const turns = [
    async () => sides.plain.push(await plain()),
    async () => sides.headed.push(await plain('# a header\n')),
    async () => sides.off.push({ ...(await flood(run, agent, bytes, '0')), seconds: secondsOfAgent() }),
    async () => sides.on.push({ ...(await flood(run, agent, bytes, '1')), seconds: secondsOfAgent() }),
  ]
  // Each goes first as often as the others: what a flood leaves to the disk, the next one feels.
  for (let round = 0; round < (run.isQuick ? 1 : 8); round++) {
    for (const at of turns.keys()) await turns[(round + at) % turns.length]?.()
  }
  const seconds = median(sides.plain)
  const of = (floods: readonly Flood[], what: 'seconds' | 'wholeSeconds') =>
    median(floods.map((flood) => flood[what]))
  const worst = (floods: readonly Flood[], what: 'growthMb' | 'p99') =>
    Math.max(...floods.map((flood) => flood[what]))
  return [
    seen('flood: sh, agent > file', seconds, 's'),
    seen('flood: sh, agent >> file that begins with a line', median(sides.headed), 's'),
    seen('flood: mirror off', of(sides.off, 'seconds'), 's'),
    seen('flood: mirror on', of(sides.on, 'seconds'), 's'),
    seen('flood: mirror on, until all is mirrored', of(sides.on, 'wholeSeconds'), 's'),
    atMost('flood: mirror off against sh', of(sides.off, 'seconds') / seconds, '×', 1.05),
    atMost('flood: mirror on against sh', of(sides.on, 'seconds') / seconds, '×', 1.3),
    atMost('flood: memory that the service gains, mirror off', worst(sides.off, 'growthMb'), 'MB', 20),
    atMost('flood: memory that the service gains, mirror on', worst(sides.on, 'growthMb'), 'MB', 20),
    atMost('flood: delay of the event loop, mirror off, p99', worst(sides.off, 'p99'), 'ms', 50),
    atMost('flood: delay of the event loop, mirror on, p99', worst(sides.on, 'p99'), 'ms', 50),
  ]
})

/** One flood through a service of its own, which has had a small one before. */
async function flood(
  run: Bench,
  agent: string,
  bytes: number,
  mirror: '0' | '1',
): Promise<Omit<Flood, 'seconds'>> {
  const looper = await startLooper(run, { CODEX_EXEC_BINARY: agent, LOOPER_MIRROR_OUTPUT: mirror })
  const ask = (prompt: number) =>
    post(`${looper.url}/run`, {
      zulip_message: 'flood',
      codex_prompt: String(prompt),
      workspace: run.dir,
      wait: true,
    })
  await ask(2 ** 20)
  await eventLoopDelay(looper.url)
  const before = looper.rssMb()
  let most = before
  const begin = performance.now()
  let isOver = false
  const answer = ask(bytes).finally(() => {
    isOver = true
  })
  answer.catch(() => undefined)
  while (!isOver) {
    most = Math.max(most, looper.rssMb())
    await setTimeout(50)
  }
  const { outcome, codex_exec_result } = await answer
  const { size } = statSync(codex_exec_result.log_path)
  if (outcome !== 'exited' || size < bytes)
    throw new Error(`the agent ${outcome}, with ${size} bytes in its log`)
  const wholeSeconds = (performance.now() - begin) / 1000
  const p99 = await eventLoopDelay(looper.url)
  await looper.stop()
  rmSync(path.join(run.dir, 'logs'), { recursive: true })
  return { wholeSeconds, growthMb: most - before, p99 }
}
