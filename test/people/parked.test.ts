import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { AskAnswer } from '../../src/people/schemas.ts'
import { endOf, killService, recordOf, runsOf, setUpFault } from '../helpers/fault-service.ts'
import { callTool, connectMcp } from '../helpers/mcp.ts'
import { carriers } from '../helpers/processes.ts'
import { type TestService, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const SESSION = '0199a213-81a0-7800-8aa0-bbab2a035a53'

/** Tells a session as codex does. */
const sessionAt = (home: string) => `echo "OpenAI Codex v0.169.0"; echo "session id: ${SESSION}"
mkdir -p ${home}/sessions/2026/11/25; echo >${home}/sessions/2026/11/25/rollout-1-${SESSION}.jsonl`
/** Keeps its token where the test finds it. */
const KEEP = 'printf %s "$LOOPER_RUN_TOKEN" >token.new; mv token.new token'
const UNTIL_GO = 'until [ -e go ]; do sleep 0.05; done'
const FOR_EVER = 'exec sleep 300'

const asksOf = async ({ url }: TestService): Promise<AskAnswer[]> =>
  JSON.parse(await (await fetch(`${url}/asks`)).text()).asks

async function answer({ url }: TestService, id: string, text: string): Promise<number> {
  const body = JSON.stringify({ answer: text })
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${url}/asks/${id}/answer`, { method: 'POST', headers, body })).status
}

/** @param scriptAt what its agent does, which lives until it is stopped, or for as long as this says */
async function withRun(
  t: Test,
  scriptAt = (home: string) => [sessionAt(home), KEEP, FOR_EVER],
  session: string | null = SESSION,
) {
  const home = path.join(t.testdirName, 'codex-home')
  const settings = { LOOPER_AGENT_TOOLS: '1', CODEX_HOME: home, LOOPER_AUTO_START_WHEN_IDLE: '0' }
  const fault = await setUpFault(t, settings)
  const live = await fault.run(scriptAt(home).join('\n'))
  const file = path.join(fault.workspace, 'token')
  await until('its token', () => textOf(file) !== '')
  const { runId } = live
  await until('its session', async () => (await recordOf(fault.service, runId)).session_id === session)
  const client = await connectMcp(t, fault.service.url, textOf(file))
  const ask = (args: Record<string, unknown>) => callTool(client, 'ask', args)
  return { ...fault, runId, ask }
}

t.test(
  'a run that is parked leaves its slot, and goes on once with the answer, whoever is killed',
  async (t) => {
    const { service, runId, ask, restart, run } = await withRun(t)
    const told = JSON.parse(await ask({ question: 'echo from:', park: true }))
    t.match(told, { state: 'open', note: /^This run ends now, and goes on/ })
    t.match(await endOf(service, runId), { outcome: 'parked', failed: false, cause: new RegExp(told.ask_id) })
    t.same(carriers(runId), [])
    t.match(await run('exit 0', { wait: true }), { status: 200 }, 'its slot is free')

    await killService(service)
    let current = await restart()
    t.match(await asksOf(current), [{ ask_id: told.ask_id, run_id: runId, state: 'open' }])
    t.equal(await answer(current, told.ask_id, 'the person'), 200)
    await killService(current)
    current = await restart()
    t.equal(await answer(current, told.ask_id, 'again'), 409)
    const next = async () =>
      (await runsOf(current)).find((one) => one.session_id === SESSION && one.run_id !== runId)
    await until('it goes on', async () => (await next())?.outcome != null)
    const goesOn = await next()
    const response = await fetch(`${current.url}/runs/${goesOn?.run_id}`)
    t.match(await response.json(), {
      command: / resume /,
      prompt: /echo from:\n\nThe answer:\n\nthe person\n/,
    })
    for (let n = 0; n < 2; n++) {
      await killService(current)
      current = await restart()
    }
    await until('it is handed on', async () => (await asksOf(current))[0]?.run_id === goesOn?.run_id)
    const all = (await runsOf(current)).filter(({ session_id }) => session_id === SESSION)
    t.equal(all.length, 2, 'once')
  },
)

t.test('a run whose service is killed as it is parked goes on once, too', async (t) => {
  const { service, runId, ask, restart } = await withRun(t)
  void ask({ question: 'echo from:', park: true }).catch(() => undefined)
  await until('it is asked', async () => (await asksOf(service)).length === 1)
  await killService(service)
  const next = await restart()
  await endOf(next, runId)
  const id = String((await asksOf(next))[0]?.ask_id)
  t.equal(await answer(next, id, 'the person'), 200)
  await until('it goes on', async () => (await asksOf(next))[0]?.run_id !== runId)
  const goesOn = String((await asksOf(next))[0]?.run_id)
  t.match(await endOf(next, goesOn), { session_id: SESSION })
  t.equal((await runsOf(next)).length, 2, 'once')
})

t.test('a run that has not told its session yet lives until it has', async (t) => {
  const late = (home: string) => [KEEP, UNTIL_GO, sessionAt(home), FOR_EVER]
  const { service, runId, ask, workspace } = await withRun(t, late, null)
  const { ask_id } = JSON.parse(await ask({ question: 'echo from:', park: true }))
  t.equal(await answer(service, ask_id, 'the person'), 200)
  t.match(await recordOf(service, runId), { outcome: null })
  writeFileSync(path.join(workspace, 'go'), '')
  t.match(await endOf(service, runId), { outcome: 'parked', session_id: SESSION })
  await until('it goes on', async () => (await asksOf(service))[0]?.run_id !== runId)
  const [asked] = await asksOf(service)
  t.match(await endOf(service, String(asked?.run_id)), { session_id: SESSION })
})

t.test('a run that ends by itself before it is ended is parked all the same', async (t) => {
  const { service, runId, ask, workspace } = await withRun(t, () => [KEEP, UNTIL_GO, 'exit 0'], null)
  const { ask_id } = JSON.parse(await ask({ question: 'echo from:', park: true }))
  writeFileSync(path.join(workspace, 'go'), '')
  t.match(await endOf(service, runId), { outcome: 'parked', return_code: 0, session_id: null })
  t.equal(await answer(service, ask_id, 'the person'), 200)
  await until('it goes on', async () => (await asksOf(service))[0]?.run_id !== runId)
  const goesOn = String((await asksOf(service))[0]?.run_id)
  t.match(await endOf(service, goesOn), { return_code: 0 })
  const told = await (await fetch(`${service.url}/runs/${goesOn}`)).json()
  t.match(told, { prompt: /^printf.*exit 0\n\nYou asked people.*the person/s }, 'it begins again, and knows')
})

t.test('at its deadline a parked run goes on with the default', async (t) => {
  const { service, runId, ask } = await withRun(t)
  await ask({ question: 'echo from:', park: true, default: 'nobody', deadline_seconds: 1 })
  t.match(await endOf(service, runId), { outcome: 'parked' })
  await until('it goes on', async () => (await asksOf(service))[0]?.run_id !== runId)
  const [asked] = await asksOf(service)
  t.match(asked, { state: 'expired', answer: 'nobody' })
  await endOf(service, String(asked?.run_id))
})
