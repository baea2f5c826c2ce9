import path from 'node:path'
import t from 'tap'
import type { HoldList } from '../../../src/runs/holds/hold-schemas.ts'
import type { RunDetails } from '../../../src/runs/run-schemas.ts'
import { killService, recordOf, runsOf, setUpFault } from '../../helpers/fault-service.ts'
import { type TestService, until } from '../../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const SESSION = '0199a213-81a0-7800-8aa0-bbab2a035a53'
/** For some of the restarts, also where a start takes seconds. */
const RESET_SECONDS = 30

const holdsOf = async ({ url }: TestService): Promise<HoldList['holds']> =>
  JSON.parse(await (await fetch(`${url}/holds`)).text()).holds

const detailsOf = async ({ url }: TestService, runId: string): Promise<RunDetails> =>
  JSON.parse(await (await fetch(`${url}/runs/${runId}`)).text())

/** Tells a session as codex does, and meets a limit, once, whose reset it notes in its rollout. */
const workAt = (home: string) => `echo "OpenAI Codex v0.169.0"; echo "session id: ${SESSION}"
mkdir -p ${home}/sessions/2026/11/25
rollout=${home}/sessions/2026/11/25/rollout-1-${SESSION}.jsonl
if [ ! -e $rollout ]; then
  at=$(($(date +%s) + ${RESET_SECONDS}))
  echo '{"type":"event_msg","payload":{"rate_limits":{"primary":{"used_percent":100,"resets_at":'$at'}}}}' > $rollout
  echo user; echo; echo "ERROR: You've hit your usage limit."; exit 1
fi
echo went on`

t.test('a usage limit is held over kills of the service, and after it each goes on once', async (t) => {
  const home = path.join(t.testdirName, 'codex-home')
  const { run, service, restart, zulip } = await setUpFault(t, { CODEX_HOME: home })
  const first = await run(workAt(home), { wait: true })
  t.match(first.body, { outcome: 'exited', return_code: 1 })
  const [limited] = await holdsOf(service)
  t.match(limited, { agent: 'codex', run_id: first.runId, until: String, held_until: String })
  const held = await run('echo held', { zulip_message: 'held' })
  t.match(held, { status: 202, body: { ok: true, held_until: limited?.held_until } })
  t.match(await run('echo no', { on_quota: 'fail' }), { status: 429, body: { code: 'LOOPER_AGENT_HELD' } })

  const reset = Date.parse(String(limited?.held_until))
  let current = service
  let looks = 0
  for (let n = 0; n < 5; n++) {
    await killService(current)
    current = await restart()
    const launched = (await runsOf(current)).filter(({ started_at }) => started_at !== null)
    if (Date.now() >= reset) continue
    looks++
    t.equal(launched.length, 1, 'nothing is launched')
  }
  t.ok(looks > 0)
  const ended = async () => (await recordOf(current, held.runId)).outcome !== null
  await until('the end of what was held', ended, 3 * RESET_SECONDS * 1000)
  const [other, again, ...more] = (await runsOf(current)).toReversed()
  t.same(more.length, 1, 'each once')
  t.match(other, { run_id: first.runId, session_id: SESSION })
  const goesOn = [again, ...more].find((one) => one?.run_id !== held.runId)
  t.match(await detailsOf(current, String(goesOn?.run_id)), {
    outcome: 'exited',
    return_code: 0,
    session_id: SESSION,
    command: / resume /,
  })
  for (const { started_at: at } of [again, ...more].flatMap((one) => one ?? []))
    t.ok(Date.parse(String(at)) >= reset, 'after the reset')
  t.ok(
    String(goesOn?.started_at) < String((await recordOf(current, held.runId)).started_at),
    'it is the first',
  )
  const told = zulip.messages.filter(({ content }) => content.includes('usage limit of codex is reached'))
  t.equal(told.length, 1, 'people are told once')
  await until('the hold is over', async () => (await holdsOf(current)).length === 0)
})
