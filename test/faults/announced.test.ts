import { once } from 'node:events'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { killService } from '../helpers/fault-service.ts'
import { callTool, connectMcp } from '../helpers/mcp.ts'
import { PROJECT, type TestService, until } from '../helpers/service.ts'
import { withToolRun } from '../helpers/tool-run.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are told apart in /proc')
  process.exit()
}

const KILL_AT = pathToFileURL(path.join(PROJECT, 'test/fixtures/kill-at.js'))

/** What people are told of, and how it comes to be. */
interface Told {
  readonly key: string
  /** Its own mark on the record that people were told. */
  readonly mark: string
  readonly message: RegExp
  readonly happen: (service: TestService, call: (name: string, args: object) => Promise<string>) => unknown
}

const question = { question: 'Which port?' }
const openAsk = async ({ url }: TestService): Promise<string | undefined> => {
  const { asks } = JSON.parse(await (await fetch(`${url}/asks?state=open`)).text())
  return asks[0]?.ask_id
}

const TOLD: readonly Told[] = [
  {
    key: '"ask \\w+ open"',
    mark: 'UPDATE asks SET told_state.*"open"',
    message: /asks \(\w+\): Which port\?/,
    happen: (_service, call) => call('ask', question),
  },
  {
    key: '"ask \\w+ answered"',
    mark: 'UPDATE asks SET told_state.*"answered"',
    message: /ask \w+ was answered: 8080/,
    async happen(service, call) {
      call('ask', question).catch(() => undefined)
      await until('it is asked', async () => (await openAsk(service)) !== undefined)
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ answer: '8080' })
      return fetch(`${service.url}/asks/${await openAsk(service)}/answer`, { method: 'POST', headers, body })
    },
  },
  {
    key: '"flag 1"',
    mark: 'UPDATE flags SET is_told',
    message: /🚩 odd/,
    happen: (_service, call) => call('flag', { note: 'odd' }),
  },
]

async function checkKilledAt(t: Test, told: Told, at: string, when: string) {
  const settings = {
    KILL_AT: at,
    KILL_WHEN: when,
    KILL_ONCE: path.join(t.testdirName, 'logs/was-killed'),
    NODE_OPTIONS: `${process.env.NODE_OPTIONS} --import=${KILL_AT}`,
  }
  const { service, token, zulip, restart } = await withToolRun(t, {}, settings)
  const client = await connectMcp(t, service.url, token)
  const killed = once(service.child, 'exit')
  const happening = told.happen(service, (name, args) => callTool(client, name, { ...args }))
  Promise.resolve(happening).catch(() => undefined)
  t.same(await killed, [null, 'SIGKILL'])
  const times = () => zulip.messages.filter(({ content }) => told.message.test(content)).length

  await killService(await tellingAgain(await restart()))
  await (await tellingAgain(await restart())).stop()
  t.equal(times(), 1)

  /** What it has to tell again is told when nothing waits any more. */
  async function tellingAgain(next: TestService): Promise<TestService> {
    const answerOf = async (route: string) => (await fetch(`${next.url}${route}`)).text()
    await until('it is ready', async () => (await fetch(`${next.url}/ready`)).ok)
    await until('it is told', () => times() > 0)
    await until(
      'nothing waits',
      async () => JSON.parse(await answerOf('/outbox?state=pending')).messages.length === 0,
    )
    return next
  }
}

t.jobs = 3

for (const told of TOLD) {
  const points = [
    ['before it is in the outbox', `INSERT INTO outbox.*${told.key}`, 'before'],
    ['when it is in the outbox', `INSERT INTO outbox.*${told.key}`, 'after'],
    ['as that is noted', told.mark, 'after'],
  ] as const
  for (const [name, at, when] of points)
    t.test(`killed ${name}, ${told.key} is announced once`, { buffered: true }, (t) =>
      checkKilledAt(t, told, at, when),
    )
}
