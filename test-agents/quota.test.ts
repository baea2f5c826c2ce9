import path from 'node:path'
import t from 'tap'
import type { HoldList } from '../src/runs/holds/hold-schemas.ts'
import { usageWindow } from '../test/fixtures/loopback-server.ts'
import { killService, runsOf, stopSurely } from '../test/helpers/fault-service.ts'
import { startTestService, type TestService, until } from '../test/helpers/service.ts'
import { AGENTS, startLoopbackAgents } from './loopback-agents.ts'

/** So long after the first time the limit ends: by then all have met theirs, and the service was ended a few times. */
const WINDOW_SECONDS = 20
const LIMIT_MS = 200_000

const holdsOf = async ({ url }: TestService): Promise<HoldList['holds']> =>
  JSON.parse(await (await fetch(`${url}/holds`)).text()).holds

t.test('at its real usage limit each agent is held, and goes on in its session after it, once', async (t) => {
  const windows = AGENTS.map(() => usageWindow(WINDOW_SECONDS))
  const { dir, settings, model, messages, chat } = await startLoopbackAgents(t, windows)
  const asked = () => [model.count, messages.asked.length, chat.asked.length]
  const start = async () => {
    const service = await startTestService(path.join(dir, 'logs'), settings)
    t.teardown(() => stopSurely(service))
    return service
  }
  let service = await start()
  const ask = (agent: string, zulip_message: string, codex_prompt: string, more = {}) => {
    const where = { agent, slot: agent, workspace: path.join(dir, agent) }
    return service.post({ zulip_message, codex_prompt, ...where, ...more })
  }
  const meet = async (agent: string, index: number) => {
    const { body } = await ask(agent, 'First', 'RUN: echo half\nLIMIT', { wait: true })
    t.match(body, { outcome: 'exited' }, agent)
    const later = await ask(agent, 'Held', 'ECHO: Held.')
    t.match(later, { status: 202, body: { held_until: String } }, `${agent} is held`)
    const late = Date.parse(String(later.body.held_until)) / 1000 - Number(windows[index]?.end())
    t.ok(late >= 0 && late <= 60, `${agent} is held until ${late} s after the reset`)
  }
  await Promise.all(AGENTS.map(meet))

  const before = asked()
  for (let n = 0; n < 5; n++) {
    await killService(service)
    service = await start()
    const began = (await runsOf(service)).filter(({ started_at }) => started_at !== null)
    const now = asked()
    for (const [index, agent] of AGENTS.entries()) {
      if (windows[index]?.isOver()) continue
      t.equal(began.filter((run) => run.agent === agent).length, 1, `nothing of ${agent} is launched`)
      t.equal(now[index], before[index], 'and its model is not asked')
    }
  }

  const all = async () => await runsOf(service)
  const isOver = async () => (await all()).every(({ outcome }) => outcome !== null)
  await until('all have ended', isOver, LIMIT_MS)
  for (const [index, agent] of AGENTS.entries()) {
    const runs = (await all()).filter((run) => run.agent === agent)
    const inOrder = runs.sort((a, b) => String(a.started_at).localeCompare(String(b.started_at)))
    const [first, goesOn, held, ...more] = inOrder
    t.same(more, [], `${agent}: each once`)
    t.match(first, { name: 'First', outcome: 'exited', error_kind: 'quota', session_id: String }, agent)
    const so = { outcome: 'exited', return_code: 0, error_kind: null }
    t.match(goesOn, { ...so, name: 'First', session_id: first?.session_id }, `${agent}: in its session`)
    t.match(held, { ...so, name: 'Held' }, agent)
    const late = Date.parse(String(goesOn?.started_at)) / 1000 - Number(windows[index]?.end())
    t.ok(late >= 0 && late <= 60, `${agent} goes on ${late} s after the reset`)
  }
  t.same(await holdsOf(service), [])
})
