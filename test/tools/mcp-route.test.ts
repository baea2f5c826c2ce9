import Fastify from 'fastify'
import { pino } from 'pino'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { createFailures } from '../../src/http/failures.ts'
import { createRunTokens } from '../../src/runs/run-tokens.ts'
import { mcpRoute } from '../../src/tools/mcp-route.ts'
import { heartOf } from '../helpers/heart.ts'

t.test('a token is looked at again when the runs of an earlier life have been taken up', async (t) => {
  const heart = heartOf(t)
  const { runId } = heart.begin('true')
  const { promise: adopted, resolve } = Promise.withResolvers<void>()
  const runTokens = createRunTokens()
  runTokens.offer('http://127.0.0.1/mcp')
  const made = runTokens.make(runId)
  if (made === null) throw new Error('it makes no token')
  runTokens.forget(runId)
  const app = Fastify()
  await app.register(mcpRoute, {
    runTokens,
    ledger: heart.ledger,
    tokens: null,
    tools: () => [],
    personTools: () => [],
    version: '0.0.0',
    failures: createFailures(systemClock),
    logger: pino({ enabled: false }),
    runs: { adopted: () => adopted },
    hold: (_request, _reply, done) => done(),
  })
  t.teardown(() => app.close())
  const ask = (headers: Record<string, string>) =>
    app.inject({
      method: 'POST',
      url: '/mcp',
      headers: { ...headers, accept: 'application/json, text/event-stream' },
      payload: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    })
  let answered = 0
  const early = [made.access.token, 'nobody'].map((token) =>
    ask({ authorization: `Bearer ${token}` }).finally(() => answered++),
  )
  t.match(await ask({}), { statusCode: 200 }, 'who shows none waits for nothing')
  t.equal(answered, 0)
  runTokens.know(runId, made.sha256)
  resolve()
  t.match(await Promise.all(early), [{ statusCode: 200 }, { statusCode: 401 }])
})
