import path from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import t, { type Test } from 'tap'
import { killService, setUpFault } from '../helpers/fault-service.ts'
import { type TestService, textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** Keeps its token where the test finds it, and lives until it is stopped. */
const AGENT = 'printf %s "$LOOPER_RUN_TOKEN" >token.new; mv token.new token; exec sleep 300'
/** Ada may answer, and Grace; Adam may not. */
const [ADA, ADAM, GRACE] = [8, 9, 10]
const THUMB = '1f44d'

interface Asked {
  readonly ask_id: string
  readonly state: string
  readonly answer: string | null
  readonly answered_by: string | null
}

/** A service that listens, and a run whose agent asks. */
async function setUp(t: Test) {
  const on = { LOOPER_AGENT_TOOLS: '1', ZULIP_LISTEN: '1', LOOPER_PEOPLE: `${ADA},${GRACE}` }
  const fault = await setUpFault(t, on)
  const { zulip, workspace } = fault
  let { service } = fault
  await fault.run(AGENT)
  await until('its token', () => textOf(path.join(workspace, 'token')) !== '')
  const token = textOf(path.join(workspace, 'token'))

  /** Asks, and does not wait for the answer; resolves with the number of the message that asks people. */
  async function ask(question: string, choices: readonly string[] | null = null): Promise<number> {
    const client = new Client({ name: 'an agent', version: '1.0.0' })
    const requestInit = { headers: { authorization: `Bearer ${token}` } }
    await client.connect(new StreamableHTTPClientTransport(new URL(`${service.url}/mcp`), { requestInit }))
    const asking = client.callTool({ name: 'ask', arguments: { question, ...(choices && { choices }) } })
    asking.catch(() => undefined)
    const found = () => zulip.messages.find(({ content }) => content.includes(question.slice(0, 7)))
    await until('people are asked', () => found() !== undefined)
    const { id } = found() ?? { id: 0 }
    t.teardown(() => client.close().catch(() => undefined))
    return id
  }

  async function asks(): Promise<Asked[]> {
    const response = await fetch(`${service.url}/asks`)
    return ((await response.json()) as { asks: Asked[] }).asks
  }

  const answered = (count: number) =>
    until(
      'it is answered',
      async () => (await asks()).filter(({ state }) => state === 'answered').length === count,
    )

  /** "Quote and reply". */
  const quoting = (id: number, text: string) =>
    `@_**Looper|12** [said](${zulip.url}/#narrow/channel/5-coding/topic/x/near/${id}):\n\`\`\`quote\nwhatever\n\`\`\`\n${text}`

  async function next(settings: NodeJS.ProcessEnv = {}): Promise<TestService> {
    service = await fault.restart(settings)
    return service
  }
  const edits = () => zulip.edits.map(({ id, content }) => `${id} ${content.split('\n').at(-1)}`)
  const now = () => service
  return { zulip, people: zulip.people, ask, asks, answered, quoting, edits, next, now }
}

t.test(
  'a reaction answers, but not that of a stranger, and the message says who answered what',
  async (t) => {
    const { zulip, people, ask, asks, answered, edits, now } = await setUp(t)
    const id = await ask('Deploy @**all** now?', ['yes', 'no'])
    const asked = zulip.messages.find((one) => one.id === id)?.content ?? ''
    t.match(asked, /^@\*\*\|8\*\* @\*\*\|10\*\*\n/, 'it calls those who may answer')
    t.match(asked, 'Deploy @\u200b**all** now?\n1. yes\n2. no')
    const [{ ask_id = '' } = {}] = await asks()
    t.match(asked, `react with a thumb, reply with a quote of this message, or write \`${ask_id}: …\``)
    await until('the reactions are there', () => people.reactions(id).length === 2)
    t.strictSame(people.reactions(id), ['12 thumbs_up', '12 thumbs_down'])

    people.react(ADAM, id, THUMB)
    await until('the stranger is in the log', () =>
      textOf(path.join(now().logDir, 'looper-server.log')).includes('hear.refused'),
    )
    t.match(await asks(), [{ state: 'open' }])
    t.equal(zulip.messages.length, 2, 'and gets no answer')
    people.react(GRACE, id, THUMB)
    people.react(ADA, id, '1f44e')
    await answered(1)
    t.match(await asks(), [{ answer: 'yes', answered_by: 'zulip:10 Grace Hopper' }])
    await until('the message says so', () => zulip.edits.length === 1)
    t.strictSame(edits(), [`${id} ✅ zulip:10 Grace Hopper answered \`${ask_id}\`: yes`])
    t.match(zulip.edits[0]?.content, 'Deploy @\u200b**all** now?', 'the question stays')
    t.notMatch(zulip.edits[0]?.content, '@**')
  },
)

t.test('a quoting reply answers its question and no other, and who comes late is told', async (t) => {
  const { zulip, people, ask, asks, answered, quoting } = await setUp(t)
  const first = await ask('First: which?')
  const second = await ask('Second: which?')
  people.say(ADAM, quoting(second, 'mine'))
  people.say(ADA, quoting(second, 'blue'))
  await answered(1)
  t.match(await asks(), [{ answer: 'blue', answered_by: 'zulip:8 Ada Lovelace' }, { state: 'open' }])
  people.say(GRACE, quoting(second, 'red'), { topic: 'elsewhere' })
  await until('it is told where it was said', () => zulip.messages.at(-1)?.topic === 'elsewhere')
  t.match(
    zulip.messages.at(-1)?.content,
    /cannot be answered any more: it was answered already by zulip:8 Ada/,
  )
  const [, { ask_id = '' } = {}] = await asks()
  people.say(ADA, `${ask_id}: red`, { direct: [12] })
  await answered(2)
  people.say(GRACE, quoting(first, 'blue'), { direct: [12] })
  await until('it is told in private', () => zulip.messages.at(-1)?.type === 'direct')
  t.strictSame(zulip.messages.at(-1)?.to, [GRACE])
})

t.test('what was answered while the service was away counts, of those who may then', async (t) => {
  const { people, ask, asks, answered, quoting, edits, next, now } = await setUp(t)
  const thumbs = await ask('A thumb?', ['yes', 'no'])
  const words = await ask('Some words?')
  await until('all is offered', () => people.reactions(thumbs).length === 2)
  await killService(now())
  people.say(ADA, quoting(words, 'of Ada'))
  people.react(ADA, thumbs, '1f44e')
  people.say(GRACE, quoting(words, 'of Grace'))
  people.react(GRACE, thumbs, THUMB)
  // Meanwhile Ada was taken off the list.
  await next({ LOOPER_PEOPLE: String(GRACE) })
  await answered(2)
  t.match(await asks(), [
    { answer: 'of Grace', answered_by: 'zulip:10 Grace Hopper' },
    { answer: 'yes', answered_by: 'zulip:10 Grace Hopper' },
  ])
  await until('both messages say so', () => edits().length === 2)
})

t.test('an answer counts once, wherever the service is killed', async (t) => {
  const { zulip, people, ask, asks, answered, quoting, next, now, edits } = await setUp(t)
  for (let round = 1; round <= 4; round++) {
    const id = await ask(`Round ${round}: what?`)
    const polls = people.calls.length
    people.say(ADA, quoting(id, `answer ${round}`))
    if (round % 2 === 0) await until('it was told', () => people.calls.length > polls)
    await killService(now())
    await next()
    await answered(round)
    t.match(await asks(), [{ answer: `answer ${round}`, answered_by: 'zulip:8 Ada Lovelace' }])
    // An edit may come twice where nobody heard that it was made; it says the same.
    await until('the message says so', () => new Set(edits()).size === round)
  }
  t.equal(new Set(edits()).size, 4)
  t.equal(zulip.messages.filter(({ content }) => content.includes('cannot be answered')).length, 0)
})
