import t from 'tap'
import type { QueueAnswer } from '../../src/runs/queue-schemas.ts'
import type { SlotList } from '../../src/runs/slot-schemas.ts'
import { runCommand } from '../helpers/command.ts'
import { killService, runsOf, setUpFault } from '../helpers/fault-service.ts'
import { type TestService, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'runs are counted in /proc')
  process.exit()
}

const get = async <T>({ url }: TestService, path: string): Promise<T> =>
  JSON.parse(await (await fetch(`${url}${path}`)).text())
const queueOf = async (service: TestService) => (await get<QueueAnswer>(service, '/queue')).waiting
const namesOf = (runs: readonly { name: string }[]) => runs.map(({ name }) => name)

t.test('what waits survives a kill of the service, and begins once each, in its order', async (t) => {
  const { run, service, restart } = await setUpFault(t)
  const first = await run('exec sleep 300')
  const wait = (name: string) => run('true', { zulip_message: name, if_running: 'queue' })
  t.match(await wait('a'), { status: 202, body: { ok: true, run_id: String, waiting_ahead: 0 } })
  const b = await wait('b')
  t.match(b.body, { waiting_ahead: 1 })
  const c = await run('true', { zulip_message: 'c', if_running: 'queue' }, service)
  const moved = await fetch(`${service.url}/queue/${c.runId}/first`, { method: 'POST' })
  t.match(await moved.json(), { ok: true, run: { run_id: c.runId, waiting: true } })
  t.same(namesOf(await queueOf(service)), ['c', 'a', 'b'])
  t.same(namesOf((await get<QueueAnswer>(service, '/queue?limit=2')).waiting), ['c', 'a'])
  t.match(await get<SlotList>(service, '/slots'), {
    slots: [
      {
        slot: 'default',
        run: { run_id: first.runId },
        waiting: [{ run_id: c.runId }, {}, {}],
        waiting_count: 3,
      },
    ],
  })

  await killService(service)
  const next = await restart()
  t.same(namesOf(await queueOf(next)), ['c', 'a', 'b'])
  t.match(await get<SlotList>(next, '/slots'), { slots: [{ slot: 'default', waiting_count: 3 }] })
  const stopped = await fetch(`${next.url}/runs/${b.runId}/stop`, { method: 'POST' })
  t.match(await stopped.json(), { run: { outcome: 'stopped', waiting: false } })
  await fetch(`${next.url}/runs/${first.runId}/stop`, { method: 'POST' })
  await until('all are over', async () => (await runsOf(next)).every(({ outcome }) => outcome !== null))
  const ran = (await runsOf(next)).filter(({ started_at }) => started_at !== null)
  const begun = ran.toSorted((x, y) => String(x.started_at).localeCompare(String(y.started_at)))
  t.same(namesOf(begun).slice(1), ['c', 'a'])
  t.match(begun.slice(1), [{ outcome: 'exited' }, { outcome: 'exited' }])
  t.equal(await next.stop(), 0)
})

t.test('who waits is answered at the end; a free slot is taken at once', async (t) => {
  const { run, service, workspace } = await setUpFault(t)
  const first = await run('exec sleep 300', { if_running: 'queue' })
  t.match(first, { status: 200, body: { codex_exec_result: { pid: Number } } })
  const answer = run('exit 3', { if_running: 'queue', wait: true })
  await until('it waits', async () => (await queueOf(service)).length === 1)
  await fetch(`${service.url}/runs/${first.runId}/stop`, { method: 'POST' })
  t.match(await answer, { status: 200, body: { outcome: 'exited', return_code: 3 } })
  const more = { zulip_message: 'x', workspace, if_running: 'queue' }
  await run('exec sleep 300')
  const aside = await service.post({ ...more, codex_prompt: 'true' }, { prefer: 'respond-async' })
  t.match(aside, { status: 202, body: { ok: true, waiting_ahead: 0 } })
  t.match(await run('', { if_running: 'queue' }), { status: 400, body: { code: 'LOOPER_FIELD_INVALID' } })
})

t.test('on the command line a run waits, is shown, put first, and followed from its turn on', async (t) => {
  const { run, service, workspace } = await setUpFault(t, { LOOPER_ALLOWED_EXECUTABLES: '/bin/true' })
  const first = await run('exec sleep 300')
  const looper = (...args: string[]) => runCommand(args, { url: service.url })
  const ask = (name: string, ...more: string[]) =>
    looper('run', name, '--prompt', 'echo done', '--workspace', workspace, '--if-running', 'queue', ...more)
  t.match(await looper('queue'), { status: 0, out: 'Nothing waits for slot default.\n' })
  t.match(await ask('one'), {
    status: 0,
    out: /^Waiting +\w{8}, as the next one\nSee all with: looper queue; cancel it/,
  })
  const followed = ask('two', '--follow')
  await until('both wait', async () => (await queueOf(service)).length === 2)
  const [one, two] = await queueOf(service)
  t.match(
    (await looper('queue')).out,
    new RegExp(`^  1  ${one?.run_id.slice(0, 8)} one for .*\n  2  \\w{8} two for`),
  )
  t.match(await looper('queue', '--slot', 'x'), {
    out: /^Nothing waits for slot x\.\n2 wait for default: looper queue --slot default\n$/,
  })
  t.match(await looper('queue', 'first', String(two?.run_id)), {
    status: 0,
    out: /two is the next one of its slot/,
  })
  t.match(JSON.parse((await looper('queue', '--json')).out), { waiting: [{ name: 'two' }, { name: 'one' }] })
  t.match(await looper('queue', 'first'), { status: 2, err: /which run/ })
  t.match(JSON.parse((await looper('queue', 'first', String(one?.run_id), '--json')).out), { ok: true })
  t.match((await looper('runs')).out, /waiting/)
  const cancelled = ask('three', '--wait')
  await until('three wait', async () => (await queueOf(service)).length === 3)
  await looper('stop', String((await queueOf(service))[2]?.run_id))
  t.match(await cancelled, { status: 1, err: /did not begin: the run was called off/ })
  t.match(await ask('four', '--json'), { status: 0, out: /"waiting_ahead": ?2/ })
  t.match(await ask('five', '--verify', '/bin/true', '--plan'), {
    status: 0,
    out: /\ncheck +\/bin\/true\n/,
  })
  await looper('stop', first.runId)
  t.match(await followed, { status: 0, out: /done/ })
})
