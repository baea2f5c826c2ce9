import { existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { codex } from '../../src/agents/codex/codex.ts'
import { sessionsSource } from '../../src/disk/sessions.ts'
import { putInto } from '../helpers/record.ts'
import { DAY_MS, MIB, NOW, setUpDisk } from './set-up.ts'

const CAP_BYTES = 8 * MIB
/** Of the log of a run, and of its session. */
const BYTES = 60_000
/** Between the ends of two runs. */
const STEP_MS = DAY_MS / 4

t.test('run after run, all stays within a tenth of the cap, with all that can be resumed', async (t) => {
  const { run, governorOf, never, dir, ledger, sources, eventsOf } = setUpDisk(t)
  const day = path.join(dir, '../home/.codex/sessions/2026/01/02')
  mkdirSync(day, { recursive: true })
  const env = { HOME: path.join(dir, '../home') }
  const sessions = sessionsSource({ agent: codex, env: () => env, ledger })
  const [logs, records] = sources
  if (!logs || !records) return t.fail('both are there')
  let now = NOW
  const governor = governorOf({
    capBytes: CAP_BYTES,
    now: () => now,
    sources: [logs, sessions, records],
  })
  const fileOf = (id: string) => `rollout-2026-01-02T03-04-05-${id}.jsonl`
  const bytesIn = (of: string) =>
    readdirSync(of).reduce((sum, name) => sum + lstatSync(path.join(of, name)).size, 0)
  const dbFiles = ['looper.db', 'looper.db-wal', 'looper.db-shm'].map((name) => path.join(dir, '..', name))
  const bytesNow = () =>
    bytesIn(dir) + bytesIn(day) + dbFiles.reduce((sum, file) => sum + lstatSync(file).size, 0)
  const put = putInto(day)
  const shares: number[] = []
  for (let index = 0; index < 400; index++) {
    const session = `01900000-0000-7000-8000-${String(index).padStart(12, '0')}`
    now = NOW + index * STEP_MS
    // As long ago as the set-up counts its ages from.
    put(fileOf(session), now, BYTES)
    run(String(index).padStart(8, '0'), { ageMs: NOW - now, bytes: BYTES, session })
    now += 20_000
    await governor.pass(never)
    const share = bytesNow() / CAP_BYTES
    if (shares.length > 0 || share > 0.95) shares.push(share)
    const young = Array.from({ length: Math.min(index, 27) }, (_, back) => index - back)
    for (const one of young) {
      const id = String(one).padStart(8, '0')
      if (!existsSync(path.join(day, fileOf(`01900000-0000-7000-8000-${id.padStart(12, '0')}`))))
        t.fail(`run ${id} cannot be resumed any more`)
      if (ledger.find(id) === null) t.fail(`run ${id} is not on the record any more`)
    }
  }
  const [least, most] = [Math.min(...shares), Math.max(...shares)]
  t.comment(`${shares.length} looks: ${least} to ${most} of the cap`)
  t.ok(shares.length > 200, 'the cap was reached soon')
  t.ok(least > 0.9 && most <= 1)
  t.ok(eventsOf('disk.removed').length < shares.length / 2, 'not every end removes something')
  t.same(eventsOf('disk.remove.fail'), [])
})
