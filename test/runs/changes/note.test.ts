import t from 'tap'
import { openLedger } from '../../../src/record/ledger.ts'
import { wordsOf } from '../../../src/runs/changes/changed.ts'
import type { Changes } from '../../../src/runs/changes/changes.ts'
import { noteChanges } from '../../../src/runs/changes/note.ts'
import { CHANGED } from '../../helpers/git.ts'
import { intentOf } from '../../helpers/record.ts'

const LINES = { added: 1200, removed: 4 }
const BEFORE = { top: '/repo', head: null, tree: 'a', dirty: 0, leftOut: 0 }

t.test('what was changed, in a few words', async (t) => {
  t.equal(wordsOf({ ...LINES, commits: 0, files: 0 }), '')
  t.equal(wordsOf({ ...LINES, commits: 0, files: 1 }), '1 file, +1,200 −4')
  t.equal(wordsOf({ ...LINES, commits: 3, files: 2 }), '3 commits, +1,200 −4')
})

t.test('nothing is noted where nobody can say what was changed', async (t) => {
  const ledger = openLedger(`${t.testdir()}/looper.db`, () => undefined)
  t.teardown(() => ledger.close())
  const asked: string[] = []
  const unknown = async () => null
  const changes: Changes = {
    before: unknown,
    after: async (runId) => {
      asked.push(runId)
      return null
    },
    now: () => Promise.reject(new Error('nobody can say')),
    forget: async () => undefined,
    tidy: async () => undefined,
    settled: async () => undefined,
  }
  const run = { runId: 'one', workTree: BEFORE, changes: null, logPath: '/one.log' }
  await noteChanges(run, { ledger })
  await noteChanges({ ...run, workTree: null }, { ledger, changes })
  await noteChanges({ ...run, logPath: null }, { ledger, changes })
  t.strictSame(asked, [])
  await noteChanges(run, { ledger, changes })
  t.strictSame(asked, ['one'])
  ledger.begin(intentOf('one'))
  await noteChanges(run, { ledger, changes: { ...changes, after: async () => CHANGED } })
  t.strictSame(ledger.find('one')?.changes, CHANGED)
})
