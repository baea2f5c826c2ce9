import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { runCommand, startCommand } from '../helpers/command.ts'
import { startLogApp } from '../helpers/log-app.ts'
import { PROJECT, until } from '../helpers/service.ts'

const stream = (name: string) => readFileSync(path.join(PROJECT, 'test/fixtures/streams', name))

t.test('a transcript shows texts, tool calls and errors, and no raw log', async (t) => {
  const { url, begin } = await startLogApp(t)
  begin('aaaa', stream('codex-plain-tool.log')).finish({ returnCode: 0 })
  const { out, status } = await runCommand(['logs', 'aaaa', '--transcript'], { url })
  t.equal(status, 0)
  t.match(out, /^\$ .+\n {2}.+/m)
  t.notMatch(out, /OpenAI Codex v/)
  begin('bbbb', stream('codex-plain-quota.log')).finish()
  const failed = await runCommand(['logs', 'bbbb', '--transcript'], { url, columns: 80 })
  t.match(failed.out, '\u001b[31m')
  t.match(failed.out, 'usage limit')
  const lines = (await runCommand(['logs', 'aaaa', '--transcript', '--json'], { url })).out.trim().split('\n')
  t.ok(lines.map((line) => JSON.parse(line)).every(({ seq }, index) => index === 0 || seq > 0))
})

t.test('--follow goes on until the end, and shows a call when it has ended', async (t) => {
  const { url, begin } = await startLogApp(t)
  const log = stream('codex-plain-tool.log')
  const run = begin('aaaa', log.subarray(0, Math.floor(log.length * 0.6)))
  const command = startCommand(['logs', 'aaaa', '--transcript', '-f'], { url })
  run.write(log.subarray(Math.floor(log.length * 0.6)))
  await until('it shows the answer', () => command.out().includes('$ '))
  run.finish({ returnCode: 0 })
  t.equal((await command.ended).status, 0)
  t.match(command.err(), /aaaa a run: exited/)
  t.equal(command.out().match(/^\$ /gm)?.length, 1)

  const ended = await runCommand(['logs', 'aaaa', '--transcript', '-f', '--json'], { url })
  t.match(JSON.parse(String(ended.out.trim().split('\n').at(-1))), { run_id: 'aaaa', outcome: 'exited' })
})

t.test('what failed, or is tried again, is shown so; a call that has not ended is waited for', async (t) => {
  const tool = { kind: 'tool', id: 'a', name: 'Read', input: null, output: null }
  const retry = {
    seq: 3,
    offset: 3,
    kind: 'error',
    error: 'network',
    text: 'again',
    retrying: true,
    until: null,
  }
  const pages = [
    { entries: [], next_after: null, complete: false },
    { entries: [{ ...tool, seq: 1, offset: 1, state: 'started' }], next_after: null, complete: false },
    { entries: [{ ...tool, seq: 1, offset: 1, state: 'failed' }], next_after: 1, complete: true },
    { entries: [retry], next_after: null, complete: true },
  ]
  const run = { run_id: 'aaaa', name: 'a run', outcome: 'exited', return_code: 0, cause: null }
  const server = createServer((request, response) => {
    const answer = request.url?.includes('/transcript') ? pages.shift() : { ...run, runs: [run] }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${Object(server.address()).port}`
  const clock = { ...systemClock, sleep: async () => undefined }
  const { out, err } = await runCommand(['logs', 'aaaa', '--transcript', '-f'], { url, world: { clock } })
  t.equal(out, '$ Read\n\nagain\n\n')
  t.match(err, /exited/)
})

t.test('it is shown whole', async (t) => {
  const { url } = await startLogApp(t)
  for (const more of [
    ['--tail', '5'],
    ['--since', '5m'],
  ])
    t.match(await runCommand(['logs', '--transcript', ...more], { url }), {
      status: 2,
      err: /cannot be used with/,
    })
})
