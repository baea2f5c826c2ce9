import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { openDatabase } from '../src/record/file.ts'
import { bench } from './frame/bench.ts'
import { atMost, seen } from './frame/report.ts'
import { post, type Server, startLooper } from './frame/servers.ts'
import { median } from './frame/statistics.ts'

/**
 * `GET /runs`, and the start of the service, with few runs on the record and with many.
 *
 * usage: node bench/history.ts [--quick]
 */

const MINUTE_MS = 60_000

/** A ledger of so many runs, one a minute, with prompts of 1500 bytes. */
function fill(logs: string, count: number): void {
  mkdirSync(logs, { recursive: true })
  const db = openDatabase(path.join(logs, 'looper.db'), console.error)
  const insert = db.prepare(
    `INSERT INTO runs (run_id, request_id, trigger, agent, workspace, prompt, binary, timeout_ms, stall_ms, requested_at,
      outcome, header_bytes, mirrored_bytes) VALUES (?, '0a1b2c3d', ?, 'codex', ?, ?, '/codex', 0, 0, ?, ?, 0, 0)`,
  )
  db.exec('BEGIN')
  for (let i = 1; i <= count; i++) {
    const trigger = i % 20 === 0 ? 'hook' : i % 3 === 0 ? 'autopoll' : 'http'
    const outcome = i % 20 === 0 ? 'lost' : 'exited'
    insert.run(`run-${i}`, trigger, `/repo/${i % 5}`, 'x'.repeat(1500), i * MINUTE_MS, outcome)
  }
  db.exec('COMMIT')
  db.close()
}

/** Every filter so that it finds something everywhere; the newest run is that number, and was asked for in that minute. */
const queriesOf = (newest: number): Record<string, Record<string, string>> => ({
  'no filter': {},
  'a page further': { cursor: Buffer.from(`seq ${newest - 20}`).toString('base64url') },
  'a common outcome': { outcome: 'exited' },
  'a rare outcome': { outcome: 'lost', limit: '5' },
  'several outcomes': { outcome: 'exited,lost,live' },
  'a trigger': { trigger: 'hook', limit: '5' },
  'a workspace': { workspace: '/repo/3', limit: '20' },
  'since a while': { since: new Date((newest - 50) * MINUTE_MS).toISOString() },
  'since ever': { since: '1970-01-01' },
})

async function get(url: string): Promise<string> {
  const response = await fetch(url)
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`)
  return text
}

/** Resolves when the ledger is checked and runs of an earlier life are taken up: every request for a run waits for it. */
const opened = (url: string) => post(`${url}/run`, { zulip_message: 'bench', codex_prompt: '' })

await bench('history', 'GET /runs and the start of the service, with few runs and with many', async (run) => {
  const counts = run.isQuick ? [100, 200, 1000] : [100, 10_000, 100_000]
  const sizes = counts.map((count) => ({
    label: count.toLocaleString('en'),
    logs: path.join(run.dir, String(count)),
    queries: queriesOf(count),
    starts: [] as number[],
    openings: [] as number[],
  }))
  for (const [index, { logs }] of sizes.entries()) fill(logs, counts[index] ?? 0)

  for (let round = -1; round < (run.isQuick ? 1 : 10); round++) {
    for (const { logs, starts, openings } of sizes) {
      const begin = performance.now()
      const server = await startLooper(run, { CODEX_EXEC_LOG_DIR: logs })
      await get(`${server.url}/health`)
      const start = performance.now() - begin
      await opened(server.url)
      const whole = performance.now() - begin
      await server.stop()
      if (round < 0) continue
      starts.push(start)
      openings.push(whole)
    }
  }

  const servers: Server[] = []
  for (const { logs } of sizes) {
    const server = await startLooper(run, { CODEX_EXEC_LOG_DIR: logs })
    await opened(server.url)
    servers.push(server)
  }
  const lists = Object.keys(sizes[0]?.queries ?? {}).map((name) => ({
    name,
    times: counts.map((): number[] => []),
  }))
  for (const { name, times } of lists) {
    for (let round = -10; round < (run.isQuick ? 5 : 150); round++) {
      for (const [index, series] of times.entries()) {
        const query = new URLSearchParams(sizes[index]?.queries[name])
        const begin = performance.now()
        await get(`${servers[index]?.url}/runs?${query}`)
        if (round >= 0) series.push(performance.now() - begin)
      }
    }
  }

  const most = (values: readonly number[]) => Math.max(...values.slice(1)) / (values[0] ?? Number.NaN)
  const starts = sizes.map((size) => median(size.starts))
  const rows = sizes.map(({ label, starts }) =>
    seen(`history: start with ${label} runs, to /health`, median(starts), 'ms'),
  )
  rows.push(atMost('history: start, to /health, many against few', most(starts), '×', 2))
  for (const { label, openings } of sizes)
    rows.push(
      seen(`history: start with ${label} runs, to the first request for a run`, median(openings), 'ms'),
    )
  for (const { name, times } of lists) {
    const medians = times.map(median)
    rows.push(seen(`history: ${name}, with ${sizes[0]?.label} runs`, medians[0] ?? Number.NaN, 'ms'))
    rows.push(atMost(`history: ${name}, many against few`, most(medians), '×', 2))
  }
  return rows
})
