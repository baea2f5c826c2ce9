import path from 'node:path'
import t from 'tap'
import { openDatabase } from '../../src/record/file.ts'
import { type RunQuery, selectRuns } from '../../src/record/query.ts'

t.test('no filter sorts, and none looks at runs that it leaves out', async (t) => {
  const db = openDatabase(path.join(t.testdir(), 'looper.db'), () => undefined)
  t.teardown(() => db.close())
  const planOf = (query: Omit<RunQuery, 'limit'>) => {
    const { sql, values } = selectRuns({ limit: 50, ...query })
    return db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(values)
      .map(({ detail }) => detail)
      .join('; ')
  }
  const NAMES = /; CORRELATED SCALAR SUBQUERY \d+; SEARCH texts USING INDEX [^;]*/g
  t.equal(planOf({}).replace(NAMES, ''), 'SCAN runs', 'newest first is the order of the table itself')
  const filters: [Omit<RunQuery, 'limit'>, RegExp][] = [
    [{ before: 7 }, /PRIMARY KEY \(rowid<\?\)/],
    [{ trigger: 'hook' }, /runs_of_trigger \(trigger=\?\)/],
    [{ workspace: '/repo', before: 7 }, /runs_by_workspace \(workspace=\? AND rowid<\?\)/],
    [{ outcomes: ['lost', null] }, /MERGE.*runs_by_outcome \(outcome=\?\).*runs_by_outcome \(outcome=\?\)/],
    [{ outcomes: ['failed'] }, /(?=.*runs_failed \(outcome=\?\))(?:.*runs_by_outcome){5}/],
    [{ outcomes: ['failed'], workspace: '/repo', trigger: 'http', before: 7, since: 7 }, /MERGE/],
    [{ since: 7 }, /PRIMARY KEY \(rowid>\?\).*COVERING INDEX runs_by_request_time/],
  ]
  for (const [query, plan] of filters) {
    t.match(planOf(query), plan, JSON.stringify(query))
    t.notMatch(planOf(query), /SCAN runs|TEMP B-TREE/)
  }
})
