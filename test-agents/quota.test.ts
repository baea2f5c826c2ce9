import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import type { HoldList } from '../src/runs/holds/hold-schemas.ts'
import { startLoopbackChat } from '../test/fixtures/loopback-chat.ts'
import { startLoopbackMessages } from '../test/fixtures/loopback-messages.ts'
import { startLoopbackModel, writeCodexHome } from '../test/fixtures/loopback-model.ts'
import { usageWindow } from '../test/fixtures/loopback-server.ts'
import { findObstacles, writeCodexProgram } from '../test/fixtures/real-codex.ts'
import { killService, runsOf, stopSurely } from '../test/helpers/fault-service.ts'
import { startTestService, type TestService, until } from '../test/helpers/service.ts'
import { installed } from './installed.ts'

const AGENTS = ['codex', 'claude', 'opencode']
/** So long after the first time the limit ends: by then all have met theirs, and the service was ended a few times. */
const WINDOW_SECONDS = 20
const LIMIT_MS = 200_000

const holdsOf = async ({ url }: TestService): Promise<HoldList['holds']> =>
  JSON.parse(await (await fetch(`${url}/holds`)).text()).holds

t.test('at its real usage limit each agent is held, and goes on in its session after it, once', async (t) => {
  const dir = t.testdir({ home: {}, logs: {}, ...Object.fromEntries(AGENTS.map((name) => [name, {}])) })
  for (const name of AGENTS) mkdirSync(path.join(dir, name, '.git'))
  const windows = AGENTS.map(() => usageWindow(WINDOW_SECONDS))
  const [ofCodex, ofClaude, ofOpencode] = windows
  const model = await startLoopbackModel(ofCodex)
  const messages = await startLoopbackMessages(ofClaude)
  const chat = await startLoopbackChat(ofOpencode)
  for (const server of [model, messages, chat]) t.teardown(() => server.close())
  const asked = () => [model.count, messages.asked.length, chat.asked.length]

  const loopback = {
    npm: '@ai-sdk/openai-compatible',
    options: { baseURL: `${chat.url}/v1`, apiKey: 'loopback' },
    models: { one: {} },
  }
  const config = { provider: { loopback }, model: 'loopback/one', small_model: 'loopback/one' }
  writeFileSync(path.join(dir, 'opencode.json'), JSON.stringify(config))
  writeFileSync(path.join(dir, 'models.json'), '{}')
  const mode = findObstacles().toSandbox === null ? 'workspace-write' : 'danger-full-access'
  const settings = {
    HOME: path.join(dir, 'home'),
    LOOPER_MIN_FREE_MB: '0',
    LOOPER_AUTO_START_WHEN_IDLE: '0',
    CODEX_EXEC_BINARY: writeCodexProgram(path.join(dir, 'bin'), mode),
    ...(await writeCodexHome(path.join(dir, 'codex-home'), model)),
    LOOPER_CLAUDE_BINARY: installed('claude'),
    ANTHROPIC_BASE_URL: messages.url,
    CLAUDE_CODE_OAUTH_TOKEN: 'loopback',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    LOOPER_OPENCODE_BINARY: installed('opencode'),
    LOOPER_OPENCODE_MODEL: 'loopback/one',
    OPENCODE_CONFIG: path.join(dir, 'opencode.json'),
    OPENCODE_MODELS_PATH: path.join(dir, 'models.json'),
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
  }
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
