import t from 'tap'
import { setUpFault } from '../helpers/fault-service.ts'
import { until } from '../helpers/service.ts'

const statusOf = async (url: string) =>
  (await (await fetch(`${url}/status`)).json()) as Record<string, unknown>

t.test('a service that listens says so, from when on, and why it does not', async (t) => {
  const { zulip, service } = await setUpFault(t, { ZULIP_LISTEN: '1', LOOPER_PEOPLE: '8' })
  const look = async () => (await statusOf(service.url)).hearing as Record<string, unknown>
  await until('it hears', async () => (await look()).connected_since !== null)
  t.match(await look(), { connected_since: String, last_error: null })
  zulip.people.refuse({ status: 502, body: { result: 'error', msg: 'away for lunch' } })
  await until('it does not', async () => (await look()).connected_since === null)
  await until('it knows why', async () => (await look()).last_error === 'away for lunch')
  const before = Date.now()
  t.equal(await service.stop(), 0)
  t.ok(Date.now() - before < 10_000)
})

t.test('a service that does not listen asks for no events, and says nothing of it', async (t) => {
  const { zulip, service } = await setUpFault(t)
  t.notOk('hearing' in (await statusOf(service.url)))
  t.strictSame(zulip.people.calls, [])
})
