import t from 'tap'
import { codex } from '../../src/agents/codex/codex.ts'
import { findStale } from '../../src/processes/stale.ts'

const TABLE = [
  { pid: 1, argv: ['init'] },
  { pid: 20, argv: ['codex', 'exec', 'be the service'] },
  { pid: 21, argv: ['node', 'src/main.ts'] },
  { pid: 30, argv: ['codex', 'exec', 'old work'] },
  { pid: 31, argv: ['vim', 'codex', 'exec'] },
  { pid: 32, argv: ['codex', '--ask-for-approval', 'never', 'exec', 'other work'] },
  { pid: 33, argv: [] },
]

t.test('the stale ones are the runs that are not spared, in the order of the table', async (t) => {
  t.strictSame(findStale(TABLE, codex.isRun, new Set([20, 21])), [30, 32])
  t.strictSame(findStale(TABLE, codex.isRun, new Set()), [20, 30, 32])
  t.strictSame(findStale(TABLE, codex.isRun, new Set([20, 30, 32])), [])
})

t.test('an empty table has no stale ones', async (t) => {
  t.strictSame(findStale([], codex.isRun, new Set()), [])
})

t.test('the table is read only once, so that it may be a generator', async (t) => {
  function* once() {
    yield* TABLE
  }
  t.strictSame(findStale(once(), codex.isRun, new Set()), [20, 30, 32])
})

t.test('a spared process is not even looked at', async (t) => {
  const seen: (readonly string[])[] = []
  const isRun = (argv: readonly string[]) => {
    seen.push(argv)
    return false
  }
  findStale(TABLE, isRun, new Set(TABLE.map(({ pid }) => pid)))
  t.strictSame(seen, [])
})
