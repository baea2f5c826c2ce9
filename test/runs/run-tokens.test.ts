import t from 'tap'
import { createRunTokens } from '../../src/runs/run-tokens.ts'

t.test('nobody has a token where nothing is offered', async (t) => {
  const tokens = createRunTokens()
  t.equal(tokens.make('one'), null)
  t.equal(tokens.planned(), null)
  t.equal(tokens.runOf(''), null)
})

t.test('each run has its own, as long as it lives', async (t) => {
  const tokens = createRunTokens()
  tokens.offer('http://127.0.0.1:1/mcp')
  const one = tokens.make('one')
  const two = tokens.make('two')
  t.match(one, { access: { url: 'http://127.0.0.1:1/mcp', token: /^[\w-]{43}$/ }, sha256: /^[0-9a-f]{64}$/ })
  t.not(one?.access.token, two?.access.token)
  t.equal(tokens.runOf(one?.access.token ?? ''), 'one')
  t.equal(tokens.runOf(two?.access.token ?? ''), 'two')
  t.equal(tokens.runOf(one?.sha256 ?? ''), null, 'its hash opens nothing')
  t.same(tokens.planned(), { url: 'http://127.0.0.1:1/mcp', token: '<token>' }, 'a plan names none')
  tokens.forget('one')
  t.equal(tokens.runOf(one?.access.token ?? ''), null)

  const next = createRunTokens()
  next.know('two', two?.sha256 ?? '')
  t.equal(next.runOf(two?.access.token ?? ''), 'two', 'in the next life of the service')
})
