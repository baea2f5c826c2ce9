import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand } from '../helpers/command.ts'
import { startTestService, textOf, until } from '../helpers/service.ts'

t.test('a run is asked for as another one was', async (t) => {
  const service = await startLoopbackLooper()
  t.teardown(() => service.close())
  const { url } = service
  const asked = async (...args: string[]) => {
    t.equal((await runCommand(['rerun', ...args], { url })).status, 75, 'the stand-in is busy')
    return service.asked.at(-1)?.body
  }
  const ended = { outcome: 'exited', return_code: 1 } as const
  service.add({ ...ended, prompt: '\n-x\u0000', workspace: '/a b', binary: '/opt/codex' })
  t.strictSame(await asked(), {
    zulip_message: 'a run\nand more',
    codex_prompt: '\n-x\u0000',
    workspace: '/a b',
    codex_exec_binary: '/opt/codex',
    slot: 'default',
    agent: 'codex',
  })
  service.add({ ...ended, message: null, name: 'the first line of its prompt' })
  t.match(await asked(), { zulip_message: 'the first line of its prompt' })
  t.match(await asked('01'), { zulip_message: 'a run\nand more' }, 'another one')
  service.add({ ...ended, agent: 'claude', model: 'opus' })
  t.match(await asked('--continue'), { agent: 'claude', model: 'opus', resume: service.runs[0]?.run_id })
  const worktree = { path: '/own/one', branch: 'looper/one', kept: true }
  service.add({ ...ended, worktree })
  t.match(await asked(), { isolate: 'worktree', workspace: '/repo' })
  t.match((await runCommand(['show'], { url })).out, /work tree +\/own\/one, branch looper\/one, kept\n/)
  service.add({ ...ended, worktree: { ...worktree, kept: false } })
  t.match((await runCommand(['show'], { url })).out, /work tree +\/own\/one, branch looper\/one, removed\n/)
  service.add({ ...ended, worktree: { ...worktree, kept: null } })
  t.match((await runCommand(['show'], { url })).out, /work tree +\/own\/one, branch looper\/one\n/)
  const older = service.add(ended)
  for (const unknown of ['message', 'name', 'agent', 'model', 'slot', 'share_workspace'])
    Reflect.deleteProperty(older, unknown)
  t.match(await asked(), { zulip_message: 'Again: 07000000' })
  t.match(await asked('--wait'), { codex_exec_startup_check_seconds: 0 })
  t.match(await runCommand(['rerun', '--plan', '--wait'], { url }), {
    status: 2,
    err: /--plan launches nothing/,
  })
})

t.test('the real service launches it again, message and all', async (t) => {
  const dir = t.testdir({ logs: {}, ws: { '.git': {} } })
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: path.resolve('test/fixtures/codex'),
  })
  t.teardown(() => service.stop())
  const options = { url: service.url, cwd: path.join(dir, 'ws') }
  const prompt = 'echo once more >>log; test -e enough'
  t.match(await runCommand(['run', 'Say it\nagain', '--prompt', prompt, '--wait'], options), {
    status: 1,
    out: /^\w{8} Say it: exited 1/,
  })
  writeFileSync(path.join(dir, 'ws/enough'), '')
  mkdirSync(path.join(dir, 'elsewhere'))
  const again = await runCommand(['rerun', '--wait'], { ...options, cwd: path.join(dir, 'elsewhere') })
  t.match(again, { status: 0, out: /^\w{8} Say it: exited 0\n$/ })
  await until('it ran twice', () => textOf(path.join(dir, 'ws/log')) === 'once more\nonce more\n')
  const [last, first] = await Promise.all(
    JSON.parse((await runCommand(['runs', '--json'], options)).out).runs.map(
      async ({ run_id }: { run_id: string }) =>
        JSON.parse((await runCommand(['show', run_id, '--json'], options)).out),
    ),
  )
  t.equal(last.message, 'Say it\nagain')
  for (const same of ['message', 'prompt', 'workspace', 'binary', 'name']) t.equal(last[same], first[same])
})
