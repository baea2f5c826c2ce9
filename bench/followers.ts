import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { bench } from './frame/bench.ts'
import { atLeast, atMost, seen } from './frame/report.ts'
import { post, startLooper, writeAgent } from './frame/servers.ts'

/**
 * How late each line of a run's log is at each of its followers, whether all of them came, and what the followers cost
 * the service: a service in a process of its own, followers in another, the agent in a third.
 *
 * usage: node bench/followers.ts [--quick]
 */

const RATE = 1000
const CROWDS = [1, 50, 200]

/** Numbered lines with the time of their writing, as soon as the file `go` is there. */
const agentOf = (go: string, lines: number) => `#!${process.execPath}
const { existsSync, writeSync } = require('node:fs')
const now = () => (performance.timeOrigin + performance.now()).toFixed(3)
let written = 0
let begin = null
const timer = setInterval(() => {
  if (begin === null) {
    if (!existsSync('${go}')) return
    begin = performance.now()
  }
  const due = Math.min(${lines}, Math.ceil((performance.now() - begin) / 1000 * ${RATE}))
  let burst = ''
  for (; written < due; written++) burst += written + ' ' + now() + ' ' + '.'.repeat(written % 50 + 1) + '\\n'
  if (burst !== '') writeSync(1, burst)
  if (written === ${lines}) clearInterval(timer)
}, 5)
`

interface CrowdReport {
  readonly complete: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

await bench('followers', `Followers of a log that gets ${RATE} lines a second`, async (run) => {
  const lines = run.isQuick ? RATE / 2 : RATE * 10
  const go = path.join(run.dir, 'go')
  const looper = await startLooper(run, {
    LOOPER_MIRROR_OUTPUT: '0',
    CODEX_EXEC_BINARY: writeAgent(run, agentOf(go, lines)),
  })

  async function follow(followers: number) {
    rmSync(go, { force: true })
    const { run_id } = await post(`${looper.url}/run`, {
      zulip_message: 'bench',
      codex_prompt: 'x',
      workspace: run.dir,
    })
    const before = { rss: looper.rssMb(), cpu: looper.cpuSeconds() }
    const log = `${looper.url}/runs/${run_id}/log?follow=1`
    const crowd = run.fork('follower-crowd.ts', [log, String(followers), String(lines)])
    let following = 0
    let report: CrowdReport | null = null
    crowd.on('message', async (message: 'following' | CrowdReport) => {
      if (message !== 'following') report = message
      else if (++following === followers) {
        // Following is measured, not connecting.
        await setTimeout(1000)
        writeFileSync(go, '')
      }
    })
    const gone = new Promise<null>((resolve) => crowd.once('exit', () => resolve(null)))
    let most = before.rss
    while ((await Promise.race([gone, setTimeout(100, 'on')])) !== null) most = Math.max(most, looper.rssMb())
    if (report === null) throw new Error('the followers failed')
    return {
      ...(report as CrowdReport),
      growth: most - before.rss,
      cpu: looper.cpuSeconds() - before.cpu,
    }
  }

  const rows = []
  for (const followers of CROWDS) {
    const { complete, p50, p99, max, growth, cpu } = await follow(followers)
    const who = followers === 1 ? '1 follower' : `${followers} followers`
    rows.push(atLeast(`${who}: got every line in order`, (100 * complete) / followers, '%', 100))
    rows.push(seen(`${who}: delay from writing to arrival, p50`, p50, 'ms'))
    rows.push(atMost(`${who}: delay from writing to arrival, p99`, p99, 'ms', 250))
    rows.push(seen(`${who}: delay from writing to arrival, longest`, max, 'ms'))
    rows.push(seen(`${who}: memory that the service gains`, growth, 'MB'))
    rows.push(seen(`${who}: CPU time of the service`, cpu, 's'))
  }
  return rows
})
