import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { startLoopbackLooper } from '../fixtures/loopback-looper.ts'
import { runCommand, startCommand } from '../helpers/command.ts'
import { PROJECT, startTestService, until } from '../helpers/service.ts'

async function setUp(test: Test) {
  const service = await startLoopbackLooper()
  test.teardown(() => service.close())
  return { service, url: service.url }
}

const NASTY = Buffer.concat([
  Buffer.from('\u001b[31mred\u001b[0m \u001b]52;c;aGk=\u0007 ü\n'),
  Buffer.from([0xff, 0]),
])

t.test('into a pipe go the very bytes', async (t) => {
  const { service, url } = await setUp(t)
  const run = service.add({ outcome: 'exited', return_code: 0 }, NASTY)
  t.ok((await runCommand(['logs'], { url })).bytes.equals(NASTY))
  t.ok((await runCommand(['logs', run.run_id, '-f'], { url })).bytes.equals(NASTY))
})

t.test('a terminal gets colours and nothing else to obey; with NO_COLOR not even those', async (t) => {
  const { service, url } = await setUp(t)
  service.add({ outcome: 'exited', return_code: 0 }, NASTY)
  const rest = ' ␛]52;c;aGk=␇ ü\n\ufffd␀'
  for (const args of [['logs'], ['logs', '-f']]) {
    t.equal((await runCommand(args, { url, columns: 80 })).out, `\u001b[31mred\u001b[0m${rest}\u001b[0m`)
    t.equal((await runCommand(args, { url, columns: 80, env: { NO_COLOR: '1' } })).out, `red${rest}`)
  }
})

t.test('--json carries every byte', async (t) => {
  const { service, url } = await setUp(t)
  const run = service.add({ outcome: 'exited', return_code: 0 }, NASTY)
  t.strictSame(JSON.parse((await runCommand(['logs', '--json'], { url })).out), {
    run_id: run.run_id,
    base64: NASTY.toString('base64'),
  })
  service.add({ outcome: 'stopped', return_code: -2, cause: 'stopped by me' }, 'plain\n')
  t.match(JSON.parse((await runCommand(['logs', '--json'], { url })).out), { text: 'plain\n' })
  t.strictSame(
    (await runCommand(['logs', '-f', '--json'], { url })).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { offset: 6, text: 'plain\n' },
      { run_id: service.runs[0]?.run_id, outcome: 'stopped', return_code: -2, cause: 'stopped by me' },
    ],
  )
})

t.test('-f goes on until the end and tells it, also where the connection is lost', async (t) => {
  const { service, url } = await setUp(t)
  const run = service.add({}, 'one\n')
  service.cutFollowers(1, 5)
  const command = startCommand(['logs', '-f'], { url })
  await until('the first line is shown', () => command.out() === 'one\n')
  service.append(run, 'two\n')
  await until('the second is', () => command.out() === 'one\ntwo\n')
  service.end(run, { outcome: 'stopped', return_code: -2, cause: 'stopped by me' })
  const { status, err } = await command.ended
  t.equal(status, 0)
  t.match(
    err,
    /^looper: the connection was lost: .*; trying again in 0\.5 s\nlooper: 01000000 a run: stopped, stopped by me\n$/,
  )
})

t.test('--tail begins near the end', async (t) => {
  const { service, url } = await setUp(t)
  service.add({ outcome: 'exited', return_code: 0 }, '1\n2\n3\n')
  t.equal((await runCommand(['logs', '--tail', '2'], { url })).out, '2\n3\n')
  t.equal((await runCommand(['logs', '--tail', '1', '-f'], { url })).out, '3\n')
  t.match(await runCommand(['logs', '--tail', 'many'], { url }), {
    status: 2,
    err: /--tail cannot be "many"\nUse a whole number from 0 to /,
  })
})

t.test('--since begins with what was written then', async (t) => {
  const { service, url } = await setUp(t)
  const run = service.add({ outcome: 'exited', return_code: 0 }, '1\n2\n3\n')
  const since = (from: number) => ({ times: [{ from }], noted: true, is_complete: true })
  const logs = (answer: object, status: number, offset: number | null | undefined, ...args: string[]) => {
    service.interrupt((request, response) => {
      const { pathname, searchParams } = new URL(`http://host${request.url}`)
      t.equal(pathname, `/runs/${run.run_id}/log/times`)
      t.ok(Date.parse(String(searchParams.get('since'))) < Date.now())
      response.writeHead(status).end(JSON.stringify(answer))
    })
    // Where the line begins; nothing, once all are counted.
    if (offset !== undefined) {
      const next = offset === null ? { times: [], noted: true, is_complete: true } : { offset }
      service.interrupt((_, response) => response.end(JSON.stringify(next)))
    }
    return runCommand(['logs', run.run_id, ...args], { url })
  }
  t.equal((await logs(since(2), 200, 2, '--since', '25m')).out, '2\n3\n')
  t.equal((await logs(since(3), 200, 4, '--since', '2026-01-02T03:04:05Z', '-f')).out, '3\n')
  t.match(await logs({ times: [], noted: true, is_complete: false }, 200, null, '--since', '30s'), {
    status: 0,
    out: '',
    err: 'looper: nothing was written since then\n',
  })
  const unknown = { ok: false, error: 'there is nothing', code: 'LOOPER_NOT_FOUND' }
  const untold = { status: 1, out: '', err: /no recorded times.*\nSet LOOPER_LOG_TIMES=1 for the service/ }
  t.match(await logs(unknown, 404, undefined, '--since', '1h'), untold, 'an older service')
  t.match(
    await logs({ times: [], noted: false, is_complete: true }, 200, undefined, '--since', '1h'),
    untold,
    'one that does not keep them',
  )
  const gone = { ok: false, error: 'there is no run', code: 'LOOPER_RUN_NOT_FOUND' }
  t.match(await logs(gone, 404, undefined, '--since', '1h'), { status: 66, err: /there is no run/ })
  t.match(await runCommand(['logs', '--since', '1h', '--tail', '1'], { url }), { status: 2, err: /not both/ })
  t.match(await runCommand(['logs', '--since', 'yore'], { url }), { status: 2, err: /Use a date/ })
})

t.test('--since asks a service that notes times for what was written since then', async (t) => {
  const dir = t.testdir({ workspace: {}, logs: {} })
  const service = await startTestService(path.join(dir, 'logs'), {
    CODEX_EXEC_BINARY: path.join(PROJECT, 'test/fixtures/codex'),
    LOOPER_WORKSPACE: path.join(dir, 'workspace'),
    LOOPER_AUTO_START_WHEN_IDLE: '0',
    LOOPER_MIN_FREE_MB: '0',
    LOOPER_LOG_TIMES: '1',
  })
  t.teardown(() => service.stop())
  const { url } = service
  const { body } = await service.post({
    zulip_message: 'Long',
    codex_prompt: `seq 100000; until [ -e later ]; do sleep 0.05; done; echo 'the later one'; sleep 300`,
  })
  const noted = async (line: number) => {
    const answer = await fetch(`${url}/runs/${body.run_id}/log/times?from=${line}&count=1`)
    return ((await answer.json()) as { times?: { time: string }[] }).times?.[0]?.time
  }
  // The header has four lines.
  await until('its first output was noted', async () => (await noted(100_004)) !== undefined)
  const first = Date.parse(String(await noted(100_004)))
  await until('time went on', () => Date.now() > first + 5)
  const then = new Date(first + 1).toISOString()
  t.match(await runCommand(['logs', '--since', then], { url }), {
    status: 0,
    out: '',
    err: 'looper: nothing was written since then\n',
  })
  writeFileSync(path.join(dir, 'workspace', 'later'), '')
  await until('so was its last', async () => (await noted(100_005)) !== undefined)
  const began = performance.now()
  t.equal((await runCommand(['logs', '--since', then], { url })).out, 'the later one\n')
  t.comment(`found behind 100,000 lines in ${Math.round(performance.now() - began)} ms`)
  const all = (await runCommand(['logs', '--since', '1h'], { url })).out
  t.equal(all, readFileSync(String(body.codex_exec_result?.log_path), 'utf8'))
  t.ok(all.endsWith('\n99999\n100000\nthe later one\n'))
  const following = startCommand(['logs', '-f', '--since', then], { url })
  await until('it begins there, too', () => following.out() === 'the later one\n')
  following.interrupt()
  await following.ended
})

t.test('a run is found by its id, its request id, or the beginning of one', async (t) => {
  const { service, url } = await setUp(t)
  for (let i = 1; i <= 18; i++) service.add({ outcome: 'exited', return_code: 0 }, `${i}\n`)
  const found = async (id: string) => runCommand(['logs', id], { url })
  t.equal((await found('04000000-0000-4000-8000-000000000004')).out, '4\n')
  t.equal((await found('04')).out, '4\n')
  t.equal((await found('0fbeef00')).out, '15\n')
  t.equal((await found('12b')).out, '18\n')
  t.match(await found('0'), { status: 2, err: /"0" matches several runs: 0f000000, 0e000000/ })
  t.match(await found('ff'), {
    status: 66,
    err: /no run among the newest 500 has an id that begins with "ff"/,
  })
  t.match(await found('ff000000-0000-4000-8000-000000000004'), { status: 66, err: /there is no run ff/ })
  t.match(await found('../status'), { status: 2, err: /not a run id/ })
  service.add({ request_id: '12', outcome: 'exited', return_code: 0 }, 'exact\n')
  t.equal((await found('12')).out, 'exact\n', 'a whole request id goes before beginnings')
})

t.test('without an id it is the run that lives, else the newest; there may be none', async (t) => {
  const { service, url } = await setUp(t)
  t.match(await runCommand(['logs'], { url }), { status: 66, err: /there are no runs yet/ })
  service.add({}, 'lives\n')
  service.add({ outcome: 'failed_to_start' }, 'ended\n')
  t.equal((await runCommand(['logs'], { url })).out, 'lives\n')
  service.runs.pop()
  t.equal((await runCommand(['logs'], { url })).out, 'ended\n')
  service.interrupt((_, response) => response.writeHead(500).end('{"error":"why","code":"LOOPER_INTERNAL"}'))
  t.match(await runCommand(['logs'], { url }), { status: 1, err: 'looper: why\n' })
})

t.test('a log that is gone or breaks off is told', async (t) => {
  const { service, url } = await setUp(t)
  const run = service.add({}, null)
  t.match(await runCommand(['logs', run.run_id], { url }), { status: 66, err: /it has no log/ })
  t.match(await runCommand(['logs', run.run_id, '-f'], { url, columns: 80 }), {
    status: 66,
    err: /it has no log/,
  })
  service.interrupt((_, response) => {
    response.writeHead(200, { 'content-length': 9 }).write('x', () => response.destroy())
  })
  t.match(await runCommand(['logs', run.run_id], { url }), { status: 69, err: /the log broke off: / })
})

t.test('a stream that is none is told', async (t) => {
  const { service, url } = await setUp(t)
  const run = service.add()
  service.interrupt((_, response) => response.end('event: end\ndata: {broken\n\n'))
  t.match(await runCommand(['logs', '-f', run.run_id], { url }), { status: 1, err: /^looper: .*JSON/ })
})

t.test('Ctrl-C ends it', async (t) => {
  const { service, url } = await setUp(t)
  service.add({}, 'one\n')
  const command = startCommand(['logs', '-f'], { url, columns: 80 })
  await until('it follows', () => command.out() === 'one\n')
  command.interrupt()
  t.match(await command.ended, { status: 130, err: '' })
})

t.test('a reader that takes nothing is waited for, and nothing is heaped up', async (t) => {
  const { service, url } = await setUp(t)
  service.add({ outcome: 'exited', return_code: 0 }, Buffer.alloc(5_000_000, 'x'))
  let resume: () => void = () => undefined
  let written = 0
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      written += chunk.length
      if (written < 1_000_000) done()
      else resume = done
    },
  })
  const command = startCommand(['logs', '-f'], { url, world: { stdout } })
  await until('it is stuck', () => written >= 1_000_000)
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.ok(written < 1_200_000)
  written = Number.NEGATIVE_INFINITY
  resume()
  t.match(await command.ended, { status: 0 })
})
