import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { openLedger } from '../../src/record/ledger.ts'

t.test('of what is done the newest thousand are kept, and what waits is kept whatever it says', async (t) => {
  const file = path.join(t.testdir(), 'looper.db')
  const ledger = openLedger(file, (told) => t.fail(told))
  const add = (key: string) =>
    ledger.addToOutbox(
      {
        key,
        runId: 'r',
        conversation: 'here',
        edits: null,
        content: key,
        instead: null,
        isUrgent: false,
        createdAt: 7,
      },
      () => undefined,
    )
  add('waits')
  for (let i = 0; i < 1100; i++) {
    add(`key ${i}`)
    ledger.settleOutbox(i + 2, { state: 'sent', at: 8, sentId: i })
  }
  const rows = ledger.outboxRows(null, 5000)
  t.equal(rows.length, 1001)
  t.match([rows[0], rows.at(-2), rows.at(-1)], [{ key: 'key 1099' }, { key: 'key 100' }, { key: 'waits' }])
  t.strictSame(ledger.outboxCounts(), { pending: 1, givenUp: 0, oldestAt: 7 })

  const other = new DatabaseSync(file)
  other.exec(`UPDATE outbox SET state = 'lost' WHERE key = 'key 1099'`)
  other.close()
  t.match(ledger.outboxRows(null, 1), [{ state: 'pending' }], 'what nobody knows is not done')
  ledger.close()
})
