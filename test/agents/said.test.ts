import t from 'tap'
import type { AgentEvent } from '../../src/agents/agent-events.ts'
import { finalError, retryError } from '../../src/agents/error-kind.ts'
import { ended, NOTHING_SAID, said } from '../../src/agents/said.ts'

const fold = (events: readonly AgentEvent[], before: Parameters<typeof said>[2] = null) =>
  events.reduce((so, event) => said(so, event, before), NOTHING_SAID)
const step = (count: number | null, costUsd: number | null, of: 'step' | 'session' = 'step') =>
  ({ kind: 'usage', of, input: count, cached: count, output: count, total: count, costUsd }) as const
const text = (words: string): AgentEvent => ({ kind: 'text', text: words })

t.test('the last text is the reply, the last session the session', async (t) => {
  const so = fold([
    { kind: 'session', id: 'a' },
    text('one'),
    { kind: 'turn' },
    text('two'),
    { kind: 'session', id: 'b' },
  ])
  t.match(so, { sessionId: 'b', reply: 'two', turns: 1 })
})

t.test('steps add up; what one of them does not tell is not known of all', async (t) => {
  t.match(fold([step(1, 0.5), step(2, 0.25)]), {
    usage: { input: 3, cached: 3, output: 3, total: 3 },
    costUsd: 0.75,
  })
  t.match(fold([step(1, null), step(2, 0.25)]), { usage: { total: 3 }, costUsd: null })
  t.match(fold([step(1, 0.5), step(null, 0.25), step(1, 0.25)]), { usage: { total: null }, costUsd: 1 })
})

t.test('a cost that nobody told is null, never 0', async (t) => {
  t.equal(fold([text('x')]).costUsd, null)
  t.equal(fold([text('x')]).usage, null)
})

t.test('numbers of a session replace each other, less what was used before', async (t) => {
  t.match(fold([step(5, 1, 'session'), step(7, 2, 'session')]), {
    usage: { total: 7 },
    sessionUsage: { total: 7 },
    costUsd: 2,
  })
  const before = { input: 4, cached: null, output: 9, total: 4 }
  t.match(fold([step(7, 2, 'session')], before), {
    usage: { input: 3, cached: null, output: 0, total: 3 },
    costUsd: null,
  })
  t.match(fold([step(null, null, 'session')], before).usage, { input: null })
})

t.test('an error stands until something is answered; a retry is none', async (t) => {
  const error = finalError('Quota exceeded', null, 5)
  t.match(fold([error]), { errorKind: 'quota', errorText: 'Quota exceeded', errorUntil: 5 })
  t.match(fold([error, text('x')]), { errorKind: null, errorText: null, errorUntil: null })
  t.equal(fold([retryError('Quota exceeded')]).errorKind, null)
})

t.test('how a run ended counts where it said nothing of it', async (t) => {
  t.equal(ended(NOTHING_SAID, null).errorKind, null)
  t.equal(ended(fold([text('x')]), -9).errorKind, 'crashed')
  t.equal(ended(fold([finalError('Quota exceeded')]), 1).errorKind, 'quota')
  t.match(ended(NOTHING_SAID, 0), { errorKind: 'other', errorText: 'The agent ended without an answer.' })
  t.equal(ended(fold([text('x')]), 0).errorKind, null)
})
