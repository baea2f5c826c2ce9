import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { bench } from './frame/bench.ts'
import { atMost, atMostOrSeen, seen } from './frame/report.ts'
import { post, startLooper, writeAgent } from './frame/servers.ts'
import { median } from './frame/statistics.ts'

/**
 * What many slots cost: a launch in one slot while runs live in others, and `GET /slots` while thousands of runs wait.
 *
 * usage: node bench/slots.ts [--quick]
 */

const CROWDS = [1, 10, 50]
const WAITING = 10_000

await bench('slots', 'Many slots', async (run) => {
  const rounds = run.isQuick ? 3 : 40
  // A program that says it began before it does anything else.
  const fifo = path.join(run.dir, 'began')
  execFileSync('mkfifo', [fifo])
  const agent = writeAgent(run, `#!/bin/sh\nfor prompt; do :; done\necho >${fifo}\neval "$prompt"\n`)
  const began = new Socket({ fd: openSync(fifo, 'r+'), readable: true, writable: false })
  const logs = path.join(run.dir, 'logs')
  const looper = await startLooper(run, { CODEX_EXEC_BINARY: agent, LOOPER_MAX_RUNS: '1000' })

  async function launch(slot: string, prompt: string): Promise<number> {
    const workspace = path.join(run.dir, slot)
    mkdirSync(workspace, { recursive: true })
    const begin = once(began, 'data').then(() => performance.now())
    const sent = performance.now()
    const answer = post(`${looper.url}/run`, {
      zulip_message: 'bench',
      codex_prompt: prompt,
      workspace,
      slot,
    })
    const ms = (await begin) - sent
    await answer
    return ms
  }

  const rows = []
  const p50s: number[] = []
  let live = 0
  for (const crowd of CROWDS) {
    for (; live < crowd; live++) await launch(`live-${live}`, 'exec sleep 3600')
    const values: number[] = []
    // Each replaces nothing: the one before has ended by itself.
    for (let round = -2; round < rounds; round++) {
      const ms = await launch('one', 'exit 0')
      if (round >= 0) values.push(ms)
      while ((await (await fetch(`${looper.url}/runs/current?slot=one`)).text()).includes('"run_id"')) {}
    }
    p50s.push(median(values))
    rows.push(seen(`launch with ${crowd} live in other slots, p50`, median(values), 'ms'))
  }
  const [few = 1] = p50s
  rows.push(atMost('launch, 50 live against 1', (p50s.at(-1) ?? 0) / few, '×', 2))

  // As that many requests leave them, without the minutes that these take.
  const db = new DatabaseSync(path.join(logs, 'looper.db'))
  db.exec(`BEGIN; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${WAITING})
    INSERT INTO runs (run_id, request_id, trigger, name, agent, workspace, prompt, binary, timeout_ms, stall_ms, requested_at,
      slot, queue_place, if_running, asked)
    SELECT 'waiting-' || i, printf('%08x', i), 'http', 'waits', 'codex', '/', 'x', '/', 0, 0, i, 'live-' || (i % 50), i, 'queue', '{}'
    FROM n; COMMIT`)
  db.close()
  const answers: number[] = []
  for (let round = -3; round < rounds; round++) {
    const sent = performance.now()
    await (await fetch(`${looper.url}/slots`)).text()
    if (round >= 0) answers.push(performance.now() - sent)
  }
  rows.push(atMostOrSeen(`GET /slots with ${WAITING} waiting, p50`, median(answers), 'ms', 5))
  return rows
})
