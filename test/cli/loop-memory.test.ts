import t from 'tap'
import { type CommandOptions, runCommand } from '../helpers/command.ts'
import { COUNTING, setUpLoops } from '../helpers/loop-service.ts'

t.test('memories of a loop are shown, written, and restored', async (t) => {
  const loops = await setUpLoops(t, COUNTING)
  await loops.define('tidy')
  const { url } = loops.service()
  const run = (words: readonly string[], options: CommandOptions = {}) =>
    runCommand(['loop', 'memory', ...words], { url, ...options })
  t.match(await run(['tidy']), { status: 0, out: 'persistent, 0 bytes\nworking, 0 bytes\n', err: '' })
  t.match(await run(['tidy', 'working', '--versions']), { status: 0, out: '', err: /nobody has written/ })
  const written = await run(['tidy', 'working', '--set', 'one\ntwo\n'])
  t.match(written, { status: 0, out: 'The persistent memory has 0 bytes, the working one 8\n' })
  t.match(await run(['tidy', 'persistent', '--set', '-'], { stdin: `${'x'.repeat(60_000)}\n` }), {
    status: 0,
    err: 'looper: it has 60001 of at most 65536 bytes\n',
  })
  t.equal((await run(['tidy', 'working'])).out, 'one\ntwo\n', 'as it is')
  const { out, err } = await run(['tidy'])
  t.match(out, /^persistent, 60001 bytes\n {2}x+\nworking, 8 bytes\n {2}one\n {2}two\n$/)
  t.match(err, /the persistent memory: it has 60001/)
  t.match(JSON.parse((await run(['tidy', '--json'])).out), { memory: { working: { bytes: 8 } } })
  await run(['tidy', 'working', '--set', 'three'])
  const versions = await run(['tidy', 'working', '--versions'])
  t.match(versions.out, /^ID .*\n2|3 .* person +5 +three\n1 .* person +8 +one\n$/)
  const told = JSON.parse((await run(['tidy', 'working', '--versions', '--json'])).out)
  const [, first] = told.versions
  const restored = await run(['tidy', '--restore', String(first.version_id), '--json'])
  t.match(JSON.parse(restored.out), { memory: { working: { text: 'one\ntwo\n' } } })
  t.match(await run(['tidy', '--restore', '999']), { status: 66, err: /no version 999/ })
  t.match(await run(['none']), { status: 66, err: /there is no loop none/ })
  for (const [words, says] of [
    [['tidy', 'third'], /no memory is called "third"/],
    [['tidy', '--set', 'x'], /which memory\?/],
    [['tidy', '--versions'], /which memory\?/],
    [['tidy', 'working', '--versions', '--set', 'x'], /more than one of/],
    [['tidy', 'working', '--restore', 'x'], /--restore cannot be "x"/],
  ] as const)
    t.match(await run(words), { status: 2, err: says })
  t.match(await runCommand(['loop', 'status', 'tidy', '--versions'], { url }), {
    status: 2,
    err: /only works with "looper loop memory"/,
  })
})

t.test('a loop is made with its commands, and its history tells what the gate said', async (t) => {
  const loops = await setUpLoops(t, COUNTING, { LOOPER_ALLOWED_EXECUTABLES: 'sh' })
  const { url } = loops.service()
  const run = (words: readonly string[]) => runCommand(['loop', ...words], { url, cwd: loops.workspace })
  const made = await run([
    'new',
    'mail',
    '--prompt',
    'x',
    '--monitor',
    'date',
    '--monitor-interval-seconds',
    '60',
    '--gate',
    'echo "no mail"; exit 75',
    '--checkpoints',
    'on',
    '--gate-failure',
    'go',
    '--workspace',
    loops.workspace,
  ])
  t.match(made, { status: 0 })
  const { definition } = await loops.look('mail')
  t.match(definition, {
    monitor: 'date',
    monitor_interval_seconds: 60,
    gate_failure: 'go',
    checkpoints: 'on',
  })
  await loops.act('mail', 'start')
  await loops.untilIs('mail', 'waiting')
  t.match((await run(['history', 'mail'])).out, /\n1 +nothing to do .* no mail\n/)
  await loops.act('mail', 'stop')
  t.match(await run(['set', 'mail', '--gate', '', '--monitor', '']), { status: 0 })
  t.match((await loops.look('mail')).definition, { monitor: null, gate: null })
})
