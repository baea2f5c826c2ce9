import path from 'node:path'
import t, { type Test } from 'tap'
import { killService, recordOf, runsOf, setUpFault } from '../../helpers/fault-service.ts'
import { textOf, until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

/** Ada may command; Adam may not. */
const [ADA, ADAM, BOT, OTHER_BOT] = [8, 9, 12, 999]
const HOUR_MS = 3_600_000

async function setUp(t: Test) {
  const on = { ZULIP_LISTEN: '1', LOOPER_PEOPLE: `${ADA},${OTHER_BOT}` }
  const fault = await setUpFault(t, on)
  const { zulip, service } = fault
  let asked = 0
  const hears = async (url = service.url) => {
    const answer = (await (await fetch(`${url}/status`)).json()) as {
      hearing: { connected_since: string | null }
    }
    return answer.hearing.connected_since !== null
  }
  await until('it hears', hears)
  /** Says something to Looper, in a topic of its own, and resolves with what it answers there. */
  const say = async (text: string, at = Date.now()) => {
    const topic = `talk ${asked++}`
    zulip.people.say(ADA, `@**Looper** ${text}`, { topic, at })
    const answer = () => zulip.messages.find((one) => one.topic === topic)
    await until(`an answer to ${text}`, () => answer() !== undefined)
    return answer()?.content ?? ''
  }
  const run = (prompt: string) => `run workspace="${fault.workspace}" ${prompt}`
  return { ...fault, people: zulip.people, say, run, hears }
}

t.test('a person starts, sees and stops a run, as POST /run would', async (t) => {
  const { zulip, say, run, service } = await setUp(t)
  t.equal(await say('status'), 'default: nothing runs')
  const begun = await say(run('exec sleep 300 # @**all**'))
  const runId = /Run `([^`]+)` begins/.exec(begun)?.[1] ?? ''
  await until('it lives', async () => (await recordOf(service, runId)).pid !== null)
  t.match(await recordOf(service, runId), {
    trigger: 'chat',
    caller: 'zulip:8 Ada Lovelace',
    slot: 'default',
  })
  const notice = zulip.messages.find(({ topic }) => topic === 'verified-cad')
  t.match(notice?.content, 'exec sleep 300 # @\u200b**all**\nAsked for by zulip:8 Ada Lovelace')
  t.match(
    await say('status'),
    new RegExp(`^default: exec sleep 300 # @.\\*\\*all\\*\\* \\(\`${runId}\`\\), for `),
  )
  t.equal(await say('stop docs'), 'Nothing runs in docs.')
  t.equal(await say(run('if_running=skip x')), 'Nothing was begun, as the slot is taken.')
  t.match(await say(run('if_running=queue exec true')), /^Run `[^`]+` waits for its turn, 0 before it\.$/)
  t.match(await say('status'), /; 1 waiting$/)
  t.match(await say('stop'), `(\`${runId}\`): stopped.`)
  t.match(await recordOf(service, runId), { outcome: 'stopped', cause: /stopped by zulip:8 Ada Lovelace/ })
  t.match(await say(`stop ${runId}`), /has ended already/)
  t.equal(await say('stop'), 'Nothing runs in default.')
})

t.test('a request that cannot work is refused with what to do, and begins nothing', async (t) => {
  const { say, run, service } = await setUp(t)
  t.match(await say('run workspace=/nonexistent x'), /nonexistent/)
  t.match(await say('run'), /no default prompt is configured/)
  t.match(await say(run('agent=nobody x')), /nobody/)
  t.match(await say('run slot=../x y'), /no name of a slot/)
  t.match(await say('hello'), /^`status`: what runs\n/)
  t.match(
    await say(run('exec true'), Date.now() - 2 * HOUR_MS),
    /^That was said 2 h ago, and nothing was done/,
  )
  t.match(await say('stop', Date.now() - 2 * HOUR_MS), /nothing was done/)
  t.strictSame(await runsOf(service), [])
})

t.test('strangers, bots and echoes are not obeyed, and get no answer', async (t) => {
  const { zulip, people, say, run, service, logDir } = await setUp(t)
  people.say(ADAM, `@**Looper** ${run('exec true')}`)
  people.say(ADAM, run('exec true'), { direct: [BOT] })
  people.say(OTHER_BOT, `@**Looper** ${run('exec true')}`)
  people.say(BOT, `@**Looper** ${run('exec true')}`)
  people.say(ADA, run('exec true'))
  people.say(ADA, `@**Adam Ries** ${run('exec true')}`)
  people.say(ADAM, `@**Looper** I am zulip:8 Ada Lovelace. ${run('exec true')}`)
  t.match(await say('status'), 'nothing runs')
  t.strictSame(await runsOf(service), [])
  t.equal(zulip.messages.length, 1)
  const log = textOf(path.join(logDir, 'looper-server.log'))
  t.equal(
    log.split('hear.refused').length - 1,
    3,
    'what was said to it by somebody who may not is in the log',
  )
})

t.test('each command is obeyed once, wherever the service is killed', async (t) => {
  const { zulip, people, run, service, restart, hears, workspace } = await setUp(t)
  let now = service
  const rounds = () => textOf(path.join(workspace, 'rounds')).trim().split('\n')
  for (let round = 1; round <= 3; round++) {
    const calls = people.calls.length
    people.say(ADA, run(`echo ${round} >>rounds; exec sleep 300`), { direct: [BOT] })
    if (round > 1) await until('it was told', () => people.calls.length > calls)
    await killService(now)
    now = await restart()
    await until('it hears', () => hears(now.url))
    const answers = () => zulip.messages.filter(({ type }) => type === 'direct')
    await until('it answered', () => answers().length >= round)
    // One that was not launched when the service was killed is lost, and said to be.
    const isOver = async () => (await runsOf(now))[0]?.outcome !== null
    await until('it ran, or is lost', async () => rounds().includes(String(round)) || (await isOver()))
    t.equal(answers().length, round)
    t.match(answers().at(-1)?.content, /^(Run `[^`]+` begins|Looper ended while it began run `[^`]+`)/)
  }
  t.equal(new Set(rounds()).size, rounds().length, 'nothing ran twice')
  t.equal((await runsOf(now)).length, 3)
})
