import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import t, { type Test } from 'tap'
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

/** A service whose transcript has these pages, each asked for once; its address. */
async function serve(test: Test, pages: object[], more: object = {}): Promise<string> {
  const run = { run_id: 'aaaa', name: 'a run', outcome: 'exited', return_code: 0, cause: null, ...more }
  const server = createServer((request, response) => {
    const answer = request.url?.includes('/transcript') ? pages.shift() : { ...run, runs: [run] }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.teardown(() => server.close())
  return `http://127.0.0.1:${Object(server.address()).port}`
}

t.test('a call is shown within bounds, one that failed or goes on with a word', async (t) => {
  const call = (seq: number, more: object) => ({
    seq,
    offset: seq,
    kind: 'tool',
    id: `c${seq}`,
    name: 'Bash',
    input: 'ls',
    output: null,
    state: 'done',
    ...more,
  })
  const output = ['one', 'two', '', ...['x'.repeat(300), 'four', 'five', 'six', 'seven']].join('\n')
  const failure = {
    seq: 5,
    offset: 5,
    kind: 'error',
    error: 'auth',
    text: 'no',
    retrying: false,
    until: null,
  }
  const entries = [
    call(1, { input: `a\n${'b'.repeat(300)}`, state: 'failed' }),
    call(2, { output }),
    call(3, { output: 'one\n2\n3\n4\n5\n6\n' }),
    call(4, { state: 'started' }),
    failure,
  ]
  const url = await serve(t, [{ entries, next_after: null, complete: false }])
  t.equal(
    (await runCommand(['logs', 'aaaa', '--transcript'], { url })).out,
    [
      `$ Bash a ${'b'.repeat(190)}… (failed)`,
      '',
      '$ Bash ls',
      '  … 2 more lines',
      `  ${'x'.repeat(199)}…`,
      '  four',
      '  five',
      '  six',
      '  seven',
      '',
      '$ Bash ls',
      '  … 1 more line',
      '  2',
      '  3',
      '  4',
      '  5',
      '  6',
      '',
      '$ Bash ls (not finished)',
      '',
      'error: no',
      '',
      '',
    ].join('\n'),
  )
})

t.test('at its end stands what the run used, not what its steps did', async (t) => {
  const step = {
    seq: 1,
    offset: 1,
    kind: 'usage',
    of: 'step',
    input: 9,
    cached: 9,
    output: 9,
    total: 9,
    cost_usd: 9,
  }
  const page = { entries: [step], next_after: null, complete: true }
  const usage = { input: 900, cached: null, output: 150, total: 1050 }
  const shown = async (more: object, ...args: string[]) => {
    const url = await serve(t, [page], more)
    return runCommand(['logs', 'aaaa', '--transcript', ...args], { url })
  }
  t.equal(
    (await shown({ usage, cost_usd: 0.021 })).out,
    'Usage: 1,050 tokens (input 900, output 150), $0.02\n',
  )
  t.equal((await shown({ tokens_used: 1050 }, '-f')).out, 'Usage: 1,050 tokens\n')
  t.equal((await shown({ cost_usd: 1.5, usage: { ...usage, total: null } })).out, 'Usage: $1.50\n')
  t.equal((await shown({})).out, '', 'nothing where its agent does not tell')
  t.equal((await shown({ usage }, '--json')).out.trim(), JSON.stringify(step))
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
  const url = await serve(t, pages)
  const clock = { ...systemClock, sleep: async () => undefined }
  const { out, err } = await runCommand(['logs', 'aaaa', '--transcript', '-f'], { url, world: { clock } })
  t.equal(out, '$ Read (failed)\n\nretrying: again\n\n')
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
