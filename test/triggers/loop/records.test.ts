import t from 'tap'
import { LOOP_TABLES, loopRecords } from '../../../src/triggers/loop/records.ts'
import { heartOf } from '../../helpers/heart.ts'
import { roundOf } from '../../helpers/loop-record.ts'

t.test('of each loop, so many rounds are kept, and fewer prompts', async (t) => {
  const tables = heartOf(t).ledger.tablesOf(LOOP_TABLES)
  const records = loopRecords(tables)
  const { id: _id, ...round } = roundOf({ prompt: 'p', response: 'r', endedAt: 1 })
  for (const name of ['long', 'other']) records.define(name, { user: 'x' })
  const begin = (name: string) => records.beginRound(name, {}, { iteration: 1, startedAt: 1, hint: '' })
  begin('other')
  tables.change((db) =>
    db
      .prepare(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)
        INSERT INTO loop_rounds (loop, is_open, round) SELECT 'long', 0, ? FROM n`)
      .run(JSON.stringify(round)),
  )
  begin('long')
  const all = records.rounds('long', { limit: 20_000, before: Number.MAX_SAFE_INTEGER })
  t.equal(all.length, 10_000)
  t.match(all[999], { prompt: 'p' })
  t.match(all[1000], { prompt: null, response: 'r', endedAt: 1 })
  t.match(all[1001], { prompt: 'p' }, 'it is one round that has just left the newest')
  t.match(records.openRound('other'), { iteration: 1 })
})
