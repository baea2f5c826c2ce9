import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openLedger } from '../src/runs/ledger.ts'
import { openDatabase } from '../src/runs/ledger-file.ts'
import { readListQuery } from '../src/runs/list-query.ts'
import { summaryOf } from '../src/runs/views.ts'
import { machine, quantile } from './measure.ts'

/**
 * What `GET /runs` does behind HTTP, with few runs on the record and with many: reading the query, finding the runs,
 * making their JSON.
 *
 * usage: node bench/list.ts [few] [many] [rounds]
 */

const FEW = Number(process.argv[2] ?? 100)
const MANY = Number(process.argv[3] ?? 100_000)
const ROUNDS = Number(process.argv[4] ?? 300)
const MINUTE_MS = 60_000
const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-bench-'))

/** A ledger of so many runs, one a minute, with prompts of 1500 bytes. */
function fill(count: number) {
  const file = path.join(dir, `${count}.db`)
  const db = openDatabase(file, console.error)
  const insert = db.prepare(
    `INSERT INTO runs (run_id, request_id, trigger, agent, workspace, prompt, binary, timeout_ms, stall_ms, requested_at,
      outcome, header_bytes, mirrored_bytes) VALUES (?, '0a1b2c3d', ?, 'codex', ?, ?, '/codex', 0, 0, ?, ?, 0, 0)`,
  )
  db.exec('BEGIN')
  for (let i = 1; i <= count; i++) {
    const trigger = i % 20 === 0 ? 'hook' : i % 3 === 0 ? 'autopoll' : 'http'
    const outcome = i === count ? null : i % 20 === 0 ? 'lost' : 'exited'
    insert.run(`run-${i}`, trigger, `/repo/${i % 5}`, 'x'.repeat(1500), i * MINUTE_MS, outcome)
  }
  db.exec('COMMIT')
  db.close()
  return openLedger(file, console.error)
}

/** Every filter so that it finds something in both; `newest` is when the newest run was asked for. */
const queriesOf = (newest: number) => ({
  'no filter': {},
  'a page further': { cursor: Buffer.from(`seq ${newest / MINUTE_MS - 20}`).toString('base64url') },
  'a common outcome': { outcome: 'exited' },
  'a rare outcome': { outcome: 'lost', limit: '5' },
  'several outcomes': { outcome: 'exited,lost,live' },
  live: { outcome: 'live' },
  'a trigger': { trigger: 'hook', limit: '5' },
  'a workspace': { workspace: '/repo/3', limit: '20' },
  'since a while': { since: new Date(newest - 50 * MINUTE_MS).toISOString() },
  'since ever': { since: '1970-01-01' },
})

try {
  const [few, many] = [FEW, MANY].map((count) => ({
    ledger: fill(count),
    queries: Object.entries(queriesOf(count * MINUTE_MS)),
  }))
  if (!few || !many) throw new Error('two ledgers are compared')
  const rows = few.queries.map(([name, query], index) => {
    const times: [number[], number[]] = [[], []]
    const sides = [
      { ledger: few.ledger, query, times: times[0] },
      { ledger: many.ledger, query: many.queries[index]?.[1] ?? {}, times: times[1] },
    ]
    for (let round = -20; round < ROUNDS; round++) {
      for (const { ledger, query, times } of sides) {
        const begin = performance.now()
        JSON.stringify(ledger.list(readListQuery(query)).map(summaryOf))
        if (round >= 0) times.push(performance.now() - begin)
      }
    }
    const [p50Few, p50Many] = times.map((values) => quantile(values, 0.5))
    return { name, few: p50Few ?? 0, many: p50Many ?? 0, ratio: (p50Many ?? 0) / (p50Few ?? 1) }
  })
  console.log(`\nGET /runs behind HTTP, p50 in ms\n${machine()}\n`)
  console.log(`${''.padEnd(20)}${String(FEW).padStart(10)}${String(MANY).padStart(10)}${'ratio'.padStart(8)}`)
  for (const { name, few, many, ratio } of rows) {
    const cells = few.toFixed(3).padStart(10) + many.toFixed(3).padStart(10) + ratio.toFixed(2).padStart(8)
    console.log(name.padEnd(20) + cells)
  }
  console.log(`\n${JSON.stringify({ title: 'list', machine: machine(), rows })}`)
  few.ledger.close()
  many.ledger.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
