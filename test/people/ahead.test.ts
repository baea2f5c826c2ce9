import t from 'tap'
import { callTool, connectMcp } from '../helpers/mcp.ts'
import { until } from '../helpers/service.ts'
import { withToolRun } from '../helpers/tool-run.ts'

t.test('a question goes ahead of what its agent told before', async (t) => {
  const { service, token, zulip } = await withToolRun(t)
  const client = await connectMcp(t, service.url, token)
  const taken = Promise.withResolvers<() => void>()
  zulip.interrupt((_request, response) =>
    taken.resolve(() => {
      response.writeHead(503)
      response.end('{"result":"error","msg":"restarting"}')
    }),
  )
  for (const message of ['one', 'two']) await callTool(client, 'tell', { message })
  const refuse = await taken.promise
  void callTool(client, 'ask', { question: 'Which way?' }).catch(() => undefined)
  await until('it is asked', async () =>
    (await (await fetch(`${service.url}/asks`)).text()).includes('Which'),
  )
  refuse()
  await until('all are told', () => zulip.messages.length === 4)
  const order = zulip.messages.slice(1).map(({ content }) => /one|two|Which way/.exec(content)?.[0])
  t.same(order, ['Which way', 'one', 'two'])
})
