import path from 'node:path'
import t from 'tap'
import { codex } from '../../../src/agents/codex/codex.ts'
import { quotaAtEnd } from '../../../src/runs/holds/quota-end.ts'

const ENDED = Date.parse('2026-11-25T12:00:00Z')
const QUOTA = { errorKind: 'quota', errorUntil: null } as const
const LIMIT = 'ERROR: You’ve hit your usage limit. Try again in 10 minutes.\n'

const endOf = (
  log: string,
  outcome: 'exited' | 'stopped' = 'exited',
  so: Parameters<typeof quotaAtEnd>[5] = QUOTA,
) => quotaAtEnd({ outcome }, log, codex, () => ({}), ENDED, so)

t.test('a run that ended by itself at a usage limit, and when that is reset', async (t) => {
  const dir = t.testdir({ log: LIMIT })
  const log = path.join(dir, 'log')
  t.same(endOf(log), { until: ENDED + 11 * 60_000 })
  t.equal(endOf(log, 'stopped'), null, 'one that was stopped would have gone on')
  t.equal(endOf(log, 'exited', { errorKind: null, errorUntil: null }), null)
  t.same(endOf(path.join(dir, 'gone'), 'exited', { errorKind: 'quota', errorUntil: 5 }), { until: 5 })
})
