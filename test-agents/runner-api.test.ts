import path from 'node:path'
import t from 'tap'
import { openEvents } from '../test/helpers/events.ts'
import { stopSurely } from '../test/helpers/fault-service.ts'
import { startTestService, until } from '../test/helpers/service.ts'
import { startLoopbackAgents } from './loopback-agents.ts'

for (const [name, model] of [
  ['opencode', { providerID: 'loopback', modelID: 'one' }],
  ['codex', { providerID: 'codex', modelID: '' }],
] as const)
  t.test(`${name} works for users of Loop Runner`, async (t) => {
    const { dir, settings, asked } = await startLoopbackAgents(t)
    const LOOPER_WORKSPACE = path.join(dir, name)
    const service = await startTestService(path.join(dir, 'logs'), { ...settings, LOOPER_WORKSPACE })
    t.teardown(() => stopSurely(service))
    const api = async (what: string, body?: object) => {
      const headers = { 'content-type': 'application/json' }
      const posted = body && { method: 'POST', headers, body: JSON.stringify(body) }
      const answer = await fetch(`${service.url}/api/${what}`, posted)
      return JSON.parse(await answer.text())
    }
    t.same((await api('state')).config.model, { providerID: 'loopback', modelID: 'one' }, 'opencode is there')
    const models: { providerID: string; modelID: string }[] = await api('models')
    t.match(
      models.find(({ providerID }) => providerID === 'loopback'),
      { modelID: 'one', name: 'one' },
    )
    const stream = await openEvents(`${service.url}/api/events`)
    t.teardown(() => stream.close())
    const told = {
      user: 'say hello',
      system: 'be brief',
      persistent: 'P',
      model,
      interval: 0,
      maxIterations: 2,
    }
    t.match(await api('config', told), { ok: true, config: told })
    const started = await api('start', {})
    if (!started.ok) throw new Error(JSON.stringify(started))
    const seen: string[] = []
    for await (const { event, data } of stream.events) {
      if (event === ':') continue
      const { type } = JSON.parse(data)
      seen.push(type)
      if (type === 'stopped') break
    }
    const iteration = ['iteration', 'prompt', 'response', 'state']
    t.same(
      seen.filter((type) => type !== 'config'),
      ['connected', 'state', ...iteration, ...iteration, 'stopped'],
    )
    const { state } = await api('state')
    t.match(state, { running: false, iteration: 2, sessionID: /./, lastOutput: /./ })
    t.match(state.history, [
      { iteration: 1, prompt: /say hello/, response: /./ },
      { iteration: 2, prompt: /## Previous Response/, response: state.lastOutput },
    ])
    t.equal(state.history[0].error, undefined)
    await until('its model was asked', () => asked(name).some((text) => text.includes('say hello')))
  })
