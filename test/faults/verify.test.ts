import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { createLiveRuns } from '../../src/runs/live.ts'
import { runCommand } from '../helpers/command.ts'
import { endOf, killService, recordOf, setUpFault } from '../helpers/fault-service.ts'
import { heartOf } from '../helpers/heart.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const GATE = 'echo checking; until [ -e gate ]; do sleep 0.05; done'
const AT_ONCE = 10

t.test('of a hundred agents that say "done" and have done nothing, none is verified', async (t) => {
  const heart = heartOf(t)
  const live = createLiveRuns(heart.deps)
  const check = { line: 'test -e made', isOwners: true, timeoutMs: 60_000 }
  const verdicts = new Map<string, number>()
  let left = 100
  const one = async () => {
    while (left-- > 0) {
      const { runId, request } = heart.begin('echo "All done, all tests pass."; exit 0', { check })
      await (await live.launch(runId, request)).ended
      const verdict = String(heart.ledger.find(runId)?.verdict)
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  t.strictSame([...verdicts], [['refuted', 100]])
  t.same(carriers(heart.mark), [])
})

t.test(
  'a service that is killed while a check runs takes it up again, with the status that it had',
  async (t) => {
    const verify = `setsid sleep 300 & ${GATE}; test -e made`
    const { service, restart, run, workspace } = await setUpFault(t, { LOOPER_VERIFY: verify })
    for (const [made, verdict] of [
      [false, 'refuted'],
      [true, 'verified'],
    ] as const) {
      const to = made ? await restart() : service
      // That of the check before would end this one at once.
      rmSync(path.join(workspace, 'gate'), { force: true })
      const { runId, log } = await run(made ? 'touch made' : 'true', { verify }, to)
      await until('the check runs', () => textOf(`${log}.verify`).includes('checking\n'))
      await killService(to)
      t.not(carriers(runId).length, 0, 'it runs on')
      const next = await restart()
      t.match(await recordOf(next, runId), { outcome: null, verdict: null })
      writeFileSync(path.join(workspace, 'gate'), '')
      t.match(await endOf(next, runId), { outcome: 'exited', return_code: 0, verdict })
      t.same(carriers(runId), [])
      await killService(next)
    }
  },
)

t.test(
  'a service that is killed again and again while a check runs loses neither the run nor a process',
  async (t) => {
    const verify = `(trap '' INT TERM; setsid sleep 300 &) & ${GATE}; exit 7`
    const { service, restart, run, workspace } = await setUpFault(t, { LOOPER_VERIFY: verify })
    const { runId, log } = await run('true', { verify })
    let now = service
    for (let times = 0; times < 3; times++) {
      await until('the check runs', () => textOf(`${log}.verify`).includes('checking\n'))
      await killService(now)
      now = await restart()
    }
    writeFileSync(path.join(workspace, 'gate'), '')
    t.match(await endOf(now, runId), { verdict: 'refuted', verify_return_code: 7 })
    t.equal(
      textOf(`${log}.verify`).split('checking').length,
      3,
      'in its header and once: it was not run again',
    )
    t.same(carriers(runId), [])
  },
)

t.test('a check that a request names must be allowed, else nothing happens at all', async (t) => {
  const tool = path.join(t.testdirName, 'check')
  const settings = { LOOPER_ALLOWED_EXECUTABLES: tool, LOOPER_VERIFY: 'echo owner | cat' }
  const files = { check: '#!/bin/sh\necho "$1"\nexit "$2"\n' }
  const { service, run, zulip, workspace } = await setUpFault(t, settings, files)
  chmodSync(tool, 0o755)
  for (const verify of ['/bin/sh -c id', 'touch x', './check', 'codex exec']) {
    t.match(
      await run('true', { verify }),
      { status: 403, body: { code: 'LOOPER_EXECUTABLE_FORBIDDEN' } },
      verify,
    )
  }
  t.match(await run('true', { verify: `${tool} && id` }), {
    status: 400,
    body: { code: 'LOOPER_FIELD_INVALID' },
  })
  t.same(zulip.messages, [], 'nothing was announced')

  const refuted = await run('true', { verify: `${tool} 'not  yet' 3`, wait: true })
  t.match(refuted.body, {
    outcome: 'exited',
    return_code: 0,
    verdict: 'refuted',
    verdict_cause: 'the check exited with 3',
  })
  await until('its notice says so', () => zulip.edits.some(({ content }) => content.includes('refuted')))
  const told = zulip.edits.map(({ content }) => content).find((content) => content.includes('refuted'))
  t.match(told, /❌ exited 0.* · refuted: the check exited with 3[\s\S]*not {2}yet/)
  t.match(await run('true', { verify: settings.LOOPER_VERIFY, wait: true }), {
    body: { verdict: 'verified' },
  })
  t.match(
    await run('true', { wait: true }),
    { body: { outcome: 'exited', verdict: null } },
    'one with its own prompt has none',
  )

  const { url } = service
  const asked = ['run', 'again', '--prompt', 'true', '--workspace', workspace, '--wait', '--yes']
  const end = await runCommand([...asked, '--verify', `${tool} wrong 1`], { url })
  t.equal(end.status, 65)
  t.match(end.out, /exited 0, refuted, the check exited with 1/)
  t.match(end.err, /The last lines of its check:\n {2}wrong/)
  t.match(
    (await runCommand(['logs', '--verify-log'], { url })).out,
    /\n\nwrong\n\n# codex_exec_return_code=1\n$/,
  )
  const late = await runCommand([...asked, '--verify', 'sh', '--verify-timeout-seconds', '1'], { url })
  t.equal(late.status, 1, 'it is refused')
  const metrics = await (await fetch(`${url}/metrics`)).text()
  t.match(metrics, 'looper_run_verdicts_total{verdict="refuted"} 2')
  t.match(metrics, 'looper_run_verdicts_total{verdict="verified"} 1')
})

t.test('the default run has the check of the settings, a hook its own', async (t) => {
  const { service, workspace, restart } = await setUpFault(
    t,
    {
      LOOPER_DEFAULT_PROMPT: 'touch made',
      LOOPER_VERIFY: 'test -e made && echo it is there',
      LOOPER_HOOKS_FILE: path.join(t.testdirName, 'hooks.json'),
    },
    {
      'hooks.json': JSON.stringify({
        hooks: {
          ci: {
            kind: 'bearer',
            secret: 'sesame',
            message: 'ci',
            prompt: 'true',
            verify: 'true; exit 4',
            verify_timeout_seconds: 9,
          },
        },
      }),
    },
  )
  const { body } = await service.post({ zulip_message: 'by default', workspace, wait: true })
  t.match(body, { verdict: 'verified' })
  const none = await service.post({ zulip_message: 'unchecked', workspace, verify: '', wait: true })
  t.match(none.body, { verdict: null })
  await service.stop()

  const next = await restart({ LOOPER_WORKSPACE: workspace })
  const answer = await fetch(`${next.url}/hooks/ci`, {
    method: 'POST',
    headers: { authorization: 'Bearer sesame', 'content-type': 'application/json' },
    body: '{}',
  })
  const { run_id } = Object(await answer.json())
  t.match(await endOf(next, run_id), {
    trigger: 'hook',
    verify: 'true; exit 4',
    verify_timeout_seconds: 9,
    verdict: 'refuted',
    verify_return_code: 4,
  })
})
