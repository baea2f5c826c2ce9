import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startLoopbackZulip } from '../test/fixtures/loopback-zulip.ts'
import { findObstacles } from '../test/fixtures/real-codex.ts'
import { endOf, stopSurely } from '../test/helpers/fault-service.ts'
import { callTool, connectMcp } from '../test/helpers/mcp.ts'
import { carriers } from '../test/helpers/processes.ts'
import { startTestService, textOf, until } from '../test/helpers/service.ts'
import { AGENTS, type RealAgentName, startLoopbackAgents } from './loopback-agents.ts'

/** On a busy machine the slowest of them takes half a minute to its first answer. */
const LIMIT_MS = 120_000
/** How it is handed to claude and opencode, and to codex. */
const HANDED = [/Bearer ([\w-]{43})"/, /(?:^|\0)LOOPER_RUN_TOKEN=([\w-]{43})\0/]

/** A service whose real agents have tools, and a Zulip. */
async function setUp(t: Test) {
  const agents = await startLoopbackAgents(t)
  const zulip = await startLoopbackZulip()
  t.teardown(() => zulip.close())
  const service = await startTestService(path.join(agents.dir, 'logs'), {
    ...agents.settings,
    LOOPER_AGENT_TOOLS: '1',
    ZULIP_SITE: zulip.url,
    ZULIP_BOT_EMAIL: zulip.account.email,
    ZULIP_BOT_API_KEY: zulip.account.key,
  })
  t.teardown(() => stopSurely(service))
  const begin = async (agent: RealAgentName, codex_prompt: string) => {
    const where = { agent, workspace: path.join(agents.dir, agent) }
    const { body } = await service.post({ zulip_message: `Run of ${agent}`, codex_prompt, ...where })
    return String(body.run_id)
  }
  return { ...agents, zulip, service, begin }
}

/** The files below a directory that hold a text. */
const filesWith = (dir: string, text: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name))
    .filter((file) => contentOf(file).includes(text))

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    // It is gone since we looked.
    return ''
  }
}

/** The arguments of every process there is. */
const allArguments = (): string =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => textOf(`/proc/${pid}/cmdline`))
    .join('\n')

t.test(
  'the token of a real agent is nowhere but where it is handed to it, and dies with its run',
  async (t) => {
    const { dir, zulip, service, begin } = await setUp(t)
    for (const agent of AGENTS) {
      await t.test(agent, async (t) => {
        const question = { question: `Which way, ${agent}?`, choices: ['left', 'right'] }
        const runId = await begin(agent, `CALL: ask ${JSON.stringify(question)}`)
        let asked: { ask_id: string } | undefined
        await until(
          'it asks',
          async () => {
            const response = await fetch(`${service.url}/asks?state=open`)
            asked = JSON.parse(await response.text()).asks[0]
            return asked !== undefined
          },
          LIMIT_MS,
        )

        const privateFile = path.join(dir, 'logs/.runs', `${runId}.files/mcp.json`)
        const places = [
          textOf(privateFile),
          ...carriers(runId).map((pid) => contentOf(`/proc/${pid}/environ`)),
        ]
        const [token] = places.flatMap((text) => HANDED.flatMap((pattern) => pattern.exec(text)?.[1] ?? []))
        if (token === undefined) throw new Error('its token is not found')
        t.match(await callTool(await connectMcp(t, service.url, token), 'run_info'), runId, 'it is the token')
        t.notOk(allArguments().includes(token), 'no process has it as an argument')
        t.same(filesWith(dir, token), agent === 'claude' ? [privateFile] : [])
        if (agent === 'claude') t.equal(statSync(privateFile).mode & 0o777, 0o600)
        const routes = ['runs', `runs/${runId}`, `runs/${runId}/log`, `runs/${runId}/transcript`, 'status']
        for (const route of routes)
          t.notOk((await (await fetch(`${service.url}/${route}`)).text()).includes(token), route)

        const headers = { 'content-type': 'application/json' }
        const init = { method: 'POST', headers, body: '{"answer":"left"}' }
        t.equal((await fetch(`${service.url}/asks/${asked?.ask_id}/answer`, init)).status, 200)
        t.match(await endOf(service, runId, LIMIT_MS), { outcome: 'exited', return_code: 0 })
        const authorization = `Bearer ${token}`
        const late = { method: 'POST', headers: { ...headers, authorization }, body: '{}' }
        t.equal((await fetch(`${service.url}/mcp`, late)).status, 401, 'it is dead')
        t.same(filesWith(dir, token), [], 'logs, record and sessions do not have it')
        t.notOk(service.output().includes(token))
        t.notOk(JSON.stringify(zulip.messages).includes(token))
      })
    }
  },
)

t.test('what codex and claude run does not see it; what each tells is seen in Zulip', async (t) => {
  const { zulip, service, begin } = await setUp(t)
  for (const agent of AGENTS) {
    await t.test(agent, async (t) => {
      const told = await begin(agent, `CALL: tell {"message":"half of ${agent}"}`)
      t.match(await endOf(service, told, LIMIT_MS), { outcome: 'exited', return_code: 0 })
      const isThere = () => zulip.messages.some(({ content }) => content.includes(`half of ${agent}`))
      await until('it is told', isThere)
      if (agent === 'opencode') return
      const runId = await begin(agent, 'RUN: env | sort; echo all of it')
      const { log_path } = await endOf(service, runId, LIMIT_MS)
      const output = textOf(String(log_path)).replace(/^# command=.*/m, '')
      t.match(output, 'all of it')
      t.match(output, `LOOPER_RUN_ID=${runId}`)
      for (const pattern of [...HANDED, /LOOPER_RUN_TOKEN=[\w-]/]) t.notMatch(output, pattern)
    })
  }
})

const skip = findObstacles().toSandbox ?? false

t.test('what codex runs has no network, and codex its tools all the same', { skip }, async (t) => {
  const { zulip, service, begin } = await setUp(t)
  const runId = await begin('codex', `RUN: curl -sS -m 9 ${service.url}/health; echo "status $?"`)
  const { log_path } = await endOf(service, runId, LIMIT_MS)
  const output = textOf(String(log_path))
  t.match(output, / --sandbox workspace-write /)
  t.notMatch(output, '{"ok":true')
  t.match(output, /^status 7$/m)
  await endOf(service, await begin('codex', 'CALL: tell {"message":"from inside"}'), LIMIT_MS)
  await until('it is told', () => zulip.messages.some(({ content }) => content.includes('from inside')))
})
