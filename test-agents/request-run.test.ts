import { existsSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { endOf, runsOf, stopSurely, watchForTwo } from '../test/helpers/fault-service.ts'
import { carriers } from '../test/helpers/processes.ts'
import { startTestService, until } from '../test/helpers/service.ts'
import { AGENTS, type RealAgentName, startLoopbackAgents } from './loopback-agents.ts'

/** On a busy machine the slowest of them takes half a minute to its first answer. */
const LIMIT_MS = 120_000

/** A service whose real agents may ask for the next run, and a look-out for two runs. */
async function setUp(t: Test) {
  const agents = await startLoopbackAgents(t)
  const logDir = path.join(agents.dir, 'logs')
  const watch = watchForTwo(t, logDir)
  const service = await startTestService(logDir, { ...agents.settings, LOOPER_AGENT_TOOLS: '1' })
  t.teardown(() => stopSurely(service))
  const begin = async (agent: RealAgentName, next: object) => {
    const codex_prompt = `CALL: request_run ${JSON.stringify(next)}`
    const where = { agent, workspace: path.join(agents.dir, agent) }
    const { body } = await service.post({ zulip_message: 'First', codex_prompt, ...where })
    return String(body.run_id)
  }
  const named = async (message: string) => (await runsOf(service)).find(({ name }) => name === message)
  return { ...agents, service, watch, begin, named }
}

t.test('as its last act each real agent asks for the next run, which alone lives then', async (t) => {
  const { dir, service, watch, begin, named } = await setUp(t)
  for (const agent of AGENTS) {
    await t.test(agent, async (t) => {
      const message = `After ${agent}`
      const runId = await begin(agent, { message, prompt: 'RUN: touch works; sleep 300' })
      await until('the next one works', () => existsSync(path.join(dir, agent, 'works')), LIMIT_MS)
      const next = await named(message)
      t.match(next, { agent, trigger: 'tool', caller: runId, slot: 'default', outcome: null })
      const cause = `replaced by run ${next?.run_id}`
      t.match(await endOf(service, runId), { outcome: 'replaced', cause })
      t.same(carriers(runId), [], 'nothing of the one that asked is alive')
      t.ok(carriers(String(next?.run_id)).length > 0)
      const live = (await runsOf(service)).filter(({ outcome }) => outcome === null)
      t.same(
        live.map(({ run_id }) => run_id),
        [next?.run_id],
        'exactly one run lives',
      )
      await service.post({ zulip_message: 'Stop', codex_prompt: '' })
      t.match(await endOf(service, String(next?.run_id)), { outcome: 'stopped' })
    })
  }
  t.ok(watch.looks > 0)
  t.same(watch.overlaps, [], 'there were never two runs')
})

t.test('each real agent reads what becomes of a next run that does not stop it', async (t) => {
  const { service, watch, begin, named, asked } = await setUp(t)
  for (const agent of AGENTS) {
    await t.test(agent, async (t) => {
      for (const if_running of ['queue', 'coalesce']) {
        const message = `${agent} ${if_running}`
        const runId = await begin(agent, { message, prompt: 'ECHO: Next.', if_running })
        t.match(await endOf(service, runId, LIMIT_MS), { outcome: 'exited', return_code: 0 }, if_running)
        const next = await named(message)
        t.match(await endOf(service, String(next?.run_id), LIMIT_MS), { outcome: 'exited', return_code: 0 })
        const answer = `Run ${next?.run_id} waits for this one to end; 0 wait before it.`
        t.ok(
          asked(agent).some((text) => text.includes(answer)),
          if_running,
        )
      }
      const message = `${agent} skip`
      const runId = await begin(agent, { message, prompt: 'ECHO: Next.', if_running: 'skip' })
      t.match(await endOf(service, runId, LIMIT_MS), { outcome: 'exited', return_code: 0 })
      t.match(asked(agent).at(-1), 'Nothing was begun, as this run is at work.')
      t.equal(await named(message), undefined)
    })
  }
  t.same(watch.overlaps, [], 'there were never two runs')
})
