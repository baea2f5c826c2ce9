import t from 'tap'
import { finalError } from '../../src/agents/error-kind.ts'
import { remedyOf } from '../../src/agents/remedy.ts'

t.test('every kind of error that people can do something about has a remedy', async (t) => {
  for (const kind of ['quota', 'budget', 'auth', 'network', 'context_full', 'refused'] as const) {
    t.match(remedyOf(kind, 'claude', null), /^[A-Z].*\.$/, kind)
  }
  t.match(remedyOf('auth', 'claude', null), /^Log claude in/)
  for (const kind of ['crashed', 'other'] as const) t.equal(remedyOf(kind, 'claude', null), null)
})

t.test('a limit whose end is told is waited for until then, whatever an agent tells', async (t) => {
  t.match(remedyOf('quota', 'claude', 1_790_000_000_000), /^Wait until 2026-09-21T14:13:20\.000Z,/)
  const { until } = finalError('Quota exceeded', 429, 1e300)
  t.match(remedyOf('quota', 'claude', until), /^Wait until the limit is reset/)
})
