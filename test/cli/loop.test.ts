import { once } from 'node:events'
import { createServer } from 'node:http'
import path from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { type CommandOptions, runCommand, startCommand } from '../helpers/command.ts'
import { until } from '../helpers/service.ts'

const NOW = Date.parse('2026-11-01T10:00:00Z')
const world = { clock: { ...systemClock, now: () => NOW, sleep: async () => undefined } }
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
const TERMINAL = { columns: 100, isInTerminal: true, env: { NO_COLOR: '1' } } as const

const LOOP = {
  name: 'tidy',
  slot: 'loop/tidy',
  state: 'running',
  wish: null,
  cause: null,
  why: null,
  iteration: 3,
  started_at: ago(7200),
  next_round_at: null,
  hint: '',
  last_output: '',
  limits: { iterations: 50, seconds: 86_400, tokens: null, cost_usd: 5, unchanged: 5, same_failures: 3 },
  used: { iterations: 2, tokens: 81_200, cost_usd: 1.2, unchanged: 0, same_failures: 0 },
  definition: { user: 'Fix it.' },
}
const ROUND = {
  round_id: 7,
  iteration: 2,
  run_id: 'r',
  started_at: ago(100),
  ended_at: ago(40),
  hint: '',
  prompt: 'Fix it.',
  response: 'Fixed one.\nMore follows.',
  error: null,
  verdict: null,
  tokens: 1200,
  cost_usd: 0.5,
  changed: true,
}

interface Answers {
  /** One after the other; the last one stays. Null: there is none. */
  readonly loops?: readonly (object | null)[]
  readonly rounds?: readonly (readonly (typeof ROUND | object)[])[]
  /** How many times the connection breaks off. */
  losses?: number
}

/** A service that answers these; what was asked of it by POST. */
async function serving(test: Test, { loops = [{}], rounds = [[]], losses = 0 }: Answers) {
  const posted: { url: string; body: unknown }[] = []
  const left = { loops: [...loops], rounds: [...rounds], losses }
  const next = <T>(list: T[]) => (list.length > 1 ? list.shift() : list[0])
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method, url = '' } = request
    const send = (answer: object) => response.end(JSON.stringify(answer))
    if (method === 'POST') posted.push({ url, body: JSON.parse(body) })
    if (method === 'POST' && url === '/loops/tidy/hint')
      return send({ loop: { ...LOOP, ...JSON.parse(body) } })
    if (url.includes('/rounds')) return send({ rounds: next(left.rounds), next_before: null })
    if (url === '/loops') return send({ loops: loops.map((one) => ({ ...LOOP, ...one })) })
    if (method === 'GET' && left.losses-- > 0) return request.socket.destroy()
    const loop = next(left.loops)
    if (loop) return send({ loop: { ...LOOP, ...loop } })
    if (method === 'POST') return send({ loop: LOOP })
    response.statusCode = 404
    send({ ok: false, error: 'there is no loop tidy', code: 'LOOPER_LOOP_NOT_FOUND', remedy: 'Make one.' })
  }).listen(0, '127.0.0.1')
  test.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  return {
    posted,
    run: (line: string, options: CommandOptions = {}) =>
      runCommand(['loop', ...line.split(' ').filter(Boolean)], { url, world, ...options }),
    url,
  }
}

t.test('a loop is made with all that options say of it', async (t) => {
  const { run, posted } = await serving(t, { loops: [null] })
  const cwd = t.testdir({ '.git': {}, 'task.md': 'Fix one failing test.\n', work: {} })
  const said = `--workspace work --agent codex --model m --system-prompt brief --session continue --interval-seconds 0
 --verify make --completion-word DONE --max-iterations unlimited --max-seconds 0.5 --max-tokens 7 --max-cost-usd 1.5
 --max-unchanged 2 --max-same-failures unlimited`
  const { status, out, err } = await run(`new tidy --prompt-file task.md ${said.replaceAll('\n', '')}`, {
    cwd,
  })
  t.strictSame([status, err], [0, ''])
  t.equal(out, 'Made loop tidy\nStart it with: looper loop start tidy\n')
  t.strictSame(posted, [
    {
      url: '/loops/tidy',
      body: {
        user: 'Fix one failing test.\n',
        system: 'brief',
        agent: 'codex',
        model: 'm',
        workspace: path.join(cwd, 'work'),
        session: 'continue',
        interval_seconds: 0,
        verify: 'make',
        completion_word: 'DONE',
        max_iterations: 'unlimited',
        max_seconds: 0.5,
        max_tokens: 7,
        max_cost_usd: 1.5,
        max_unchanged: 2,
        max_same_failures: 'unlimited',
      },
    },
  ])
  t.match(JSON.parse((await run('new tidy - --json', { cwd, stdin: 'Do it.' })).out), {
    loop: { name: 'tidy' },
  })
  t.strictSame(posted[1]?.body, { user: 'Do it.', workspace: cwd })
  t.equal((await run('new tidy --prompt x', { world: { ...world, projectDir: cwd }, cwd })).status, 0)
  t.strictSame(posted[2]?.body, { user: 'x', workspace: null }, 'nobody means Looper’s own directory')
})

t.test('one that is there is not made again, but changed field by field', async (t) => {
  const { run, posted } = await serving(t, {
    loops: [{ definition: { user: 'Fix it.', verify: 'make', model: 'm' } }],
  })
  t.match(await run('new tidy --prompt x'), {
    status: 1,
    err: 'looper: there is a loop tidy already\nChange it with "looper loop set tidy" and options, or use another name.\n',
  })
  t.strictSame(posted, [])
  const { out } = await runSet('--max-tokens 5 --workspace /src', '')
  t.equal(out, 'Changed workspace, verify, max_tokens of loop tidy, from its next round on\n')
  t.strictSame(posted, [
    {
      url: '/loops/tidy',
      body: { user: 'Fix it.', verify: null, model: 'm', workspace: '/src', max_tokens: 5 },
    },
  ])
  t.match(JSON.parse((await run('set tidy --model n --json')).out), { loop: { name: 'tidy' } })
  await run('set tidy --monitor-interval-seconds 0')
  t.match(posted.at(-1), { body: { monitor_interval_seconds: null } })

  function runSet(line: string, verify: string) {
    return run(`set tidy ${line} --verify=${verify}`)
  }
})

t.test('what cannot be meant is refused, and nothing is asked of the service', async (t) => {
  const { run, posted } = await serving(t, {})
  for (const [line, why] of [
    ['new', /which loop\?/],
    ['new Tidy --prompt x', /"Tidy" cannot be the name of a loop/],
    ['status a/b', /cannot be the name/],
    ['new tidy', /what is each round to do\?/],
    ['new tidy --prompt=', /what is each round to do\?/],
    ['new tidy x', /not a word by itself/],
    ['new tidy - --system-prompt-file -', /stdin cannot be both/],
    ['new tidy - --prompt x', /more than one prompt/],
    ['set tidy', /what is to be changed\?/],
    ['pause tidy now', /usage: looper loop pause NAME/],
    ['hint tidy', /what is the next round to be told\?/],
    ['pause tidy --follow', /--follow only works with "looper loop start"/],
    ['start tidy --prompt x', /--prompt only works with "looper loop new" and "looper loop set"/],
  ] as const)
    t.match(await run(line), { status: 2, err: why }, line)
  t.strictSame(posted, [])
  const refusing = await serving(t, { losses: 1 })
  t.match(await refusing.run('new tidy --prompt x'), { status: 69 }, 'whether there is one is not known')
})

t.test('start, pause, resume and skip say what the loop does then', async (t) => {
  for (const [line, fields, out] of [
    ['start', { state: 'starting' }, 'tidy begins with its first round\n'],
    ['pause', { wish: 'pause' }, 'tidy is in round 3 of 50, and pauses with it\n'],
    ['pause', { wish: 'stop' }, 'tidy is in round 3 of 50, and ends with it\n'],
    ['resume', {}, 'tidy is in round 3 of 50\n'],
    ['resume', { why: 'run x works in /src' }, 'tidy waits to begin round 3 of 50: run x works in /src\n'],
    ['skip', { state: 'waiting', next_round_at: ago(-5) }, 'tidy waits for round 4, due in 5 s\n'],
    ['skip', { state: 'waiting' }, 'tidy waits for round 4\n'],
    [
      'pause',
      { state: 'paused', why: 'somebody paused it', iteration: 0 },
      'tidy is paused after no round: somebody paused it\n',
    ],
    ['stop', { wish: 'stop', state: 'ended', why: 'w', iteration: 0 }, 'tidy has ended after no round: w\n'],
    ['stop', { state: 'idle' }, 'tidy was never started\n'],
  ] as const) {
    const { run, posted } = await serving(t, { loops: [fields] })
    t.match(await run(`${line} tidy`), { status: 0, out }, line)
    t.match(JSON.parse((await run(`${line} tidy --json`)).out), { loop: fields })
    t.strictSame(posted, Array(2).fill({ url: `/loops/tidy/${line}`, body: {} }))
  }
})

t.test('on a terminal stop says which round it would stop, and does nothing but for a yes', async (t) => {
  const rounds = [[{ ...ROUND, ended_at: null }]]
  const { run, posted } = await serving(t, {
    rounds,
    loops: [{ state: 'ended', why: 'somebody stopped it' }],
  })
  const asked = 'This will be stopped:\n  loop tidy, in round 2 for 1 m 40 s\n'
  for (const stdin of ['n\n', ''])
    t.match(await run('stop tidy', { ...TERMINAL, stdin }), {
      status: 1,
      out: asked,
      err: 'Stop it? [y/N] looper: nothing was stopped\n',
    })
  t.strictSame(posted, [])
  const done = 'tidy has ended after round 3 of 50: somebody stopped it\n'
  for (const [line, options] of [
    ['stop tidy', { ...TERMINAL, stdin: 'y\n' }],
    ['stop tidy --yes', TERMINAL],
    ['stop tidy', { ...TERMINAL, isInTerminal: false }],
  ] as const)
    t.match(await run(line, options), { status: 0, out: asked + done })
  t.equal(posted.length, 3)
  for (const left of [[[]], [[ROUND]]])
    t.equal(
      (await (await serving(t, { rounds: left })).run('stop tidy', TERMINAL)).err,
      STILL,
      'nothing to ask about',
    )
})
const STILL = 'looper: its round is still being stopped; "looper slots" shows it\n'

t.test('a hint is told, or taken back', async (t) => {
  const { run, posted } = await serving(t, {})
  t.equal((await run('hint tidy look')).out, 'The next round of tidy is told: look\n')
  t.equal((await run('hint tidy -', { stdin: '\n' })).out, 'The next round of tidy is told nothing\n')
  t.match(JSON.parse((await run('hint tidy - --json', { stdin: 'a\nb\n' })).out), { loop: { hint: 'a\nb' } })
  t.strictSame(
    posted.map(({ body }) => body),
    [{ hint: 'look' }, { hint: '' }, { hint: 'a\nb' }],
  )
})

t.test('status lists all loops, and how near the end of each is', async (t) => {
  const { run } = await serving(t, {
    loops: [
      {},
      {
        name: 'b',
        state: 'paused',
        cause: 'no_change',
        why: '5 rounds',
        used: { ...LOOP.used, unchanged: 5 },
      },
      { name: 'c', state: 'idle', iteration: 0, started_at: null },
      {
        name: 'd',
        state: 'ended',
        cause: 'verified',
        why: 'the check passed',
        limits: { ...LOOP.limits, iterations: null },
      },
      {
        name: 'e',
        state: 'starting',
        iteration: 0,
        used: { ...LOOP.used, iterations: 0, cost_usd: 0 },
        started_at: ago(0),
      },
    ],
  })
  const listed = `NAME  STATE              ROUND    NEAREST END           WHY
tidy  running            3 of 50  cost: $1.20 of $5.00
b     paused, no change  3 of 50  unchanged: 5 of 5     5 rounds
c     idle
d     ended, verified    3                              the check passed
e     starting
`
  t.equal((await run('status', TERMINAL)).out, listed)
  t.equal((await run('')).out, listed)
  t.match(JSON.parse((await run('status --json')).out), { loops: [LOOP, {}, {}, {}, {}] })
  const none = await serving(t, { loops: [] })
  t.equal(
    (await none.run('status')).out,
    'There are no loops.\nMake one with: looper loop new NAME --prompt TEXT\n',
  )
})

t.test('status of one loop tells all about it', async (t) => {
  const definition = {
    ...{ user: 'x', workspace: '/src', agent: 'codex', model: 'm', session: 'fresh', verify: 'make' },
    completion_word: 'DONE',
  }
  const { run } = await serving(t, {
    loops: [{ definition, wish: 'pause', hint: 'look', last_output: 'one\ntwo' }],
  })
  const { out } = await run('status tidy')
  t.equal(
    out.replace(/started .*, /, 'started    '),
    `tidy
state      running
wish       pause after the round that runs
started    2 h ago
rounds     2 of 50
time       2 h of 1 d
tokens     81.2K
cost       $1.20 of $5.00
unchanged  0 of 5
failures   0 of 3
slot       loop/tidy
workspace  /src
agent      codex, m
session    fresh
check      make
word       DONE
hint       look

> one
> two
`,
  )
  t.match(JSON.parse((await run('status tidy --json')).out), { loop: { name: 'tidy' } })
  const waiting = await serving(t, {
    loops: [{ state: 'waiting', next_round_at: ago(-60), started_at: null }],
  })
  t.match((await waiting.run('status tidy')).out, '\nnext round in 1 m\nrounds ')
  t.match(await (await serving(t, { loops: [null] })).run('status tidy'), {
    status: 66,
    err: /there is no loop tidy/,
  })
})

const ROUNDS = [
  { ...ROUND, iteration: 7, ended_at: null, response: null, changed: null, cost_usd: 0 },
  { ...ROUND, iteration: 6, error: 'the agent exited with 7\nmore', response: 'x', changed: false },
  { ...ROUND, iteration: 5, verdict: 'refuted' },
  { ...ROUND, iteration: 4, verdict: 'verified' },
  { ...ROUND, iteration: 3, verdict: 'unverified' },
  ROUND,
]

t.test('history lists rounds, newest first', async (t) => {
  const { run } = await serving(t, { rounds: [ROUNDS] })
  t.equal(
    (await run('history tidy --limit 6', TERMINAL)).out,
    `ROUND  VERDICT     TOOK      TOKENS  COST   CHANGED  SAID
7      running     1 m 40 s  1.2K    $0.00
6      failed      1 m       1.2K    $0.50  no       the agent exited with 7
5      refuted     1 m       1.2K    $0.50  yes      Fixed one.
4      verified    1 m       1.2K    $0.50  yes      Fixed one.
3      unverified  1 m       1.2K    $0.50  yes      Fixed one.
2      done        1 m       1.2K    $0.50  yes      Fixed one.
`,
  )
  t.strictSame(JSON.parse((await run('history tidy --json')).out), { rounds: ROUNDS })
  t.equal((await (await serving(t, {})).run('history tidy')).err, 'looper: loop tidy has had no rounds yet\n')
})

t.test('more rounds than one answer holds are asked for page by page', async (t) => {
  const asked: (string | undefined)[] = []
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    const limit = Number(/limit=(\d+)/.exec(url)?.[1])
    response.end(JSON.stringify({ rounds: Array(limit).fill(ROUND), next_before: asked.length }))
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const { out } = await runCommand(['loop', 'history', 'tidy', '--limit', '250', '--json'], { url })
  t.equal(JSON.parse(out).rounds.length, 250)
  t.strictSame(asked, [
    '/loops/tidy/rounds?limit=100',
    '/loops/tidy/rounds?limit=100&before=1',
    '/loops/tidy/rounds?limit=50&before=2',
  ])
})

t.test('start --follow shows each round once, and exits with what became of the loop', async (t) => {
  const old = { ...ROUND, round_id: 6, iteration: 1, response: 'old' }
  const bad = { ...ROUND, round_id: 8, error: 'no', changed: false }
  const rounds = [[old], [old], [{ ...ROUND, ended_at: null }, old], [ROUND, old], [bad, ROUND, old]]
  const quota = { state: 'paused', cause: 'quota', why: 'held' }
  const end = { state: 'ended', cause: 'verified', why: 'the check passed' }
  const { run } = await serving(t, { rounds, loops: [{}, {}, {}, quota, end] })
  t.strictSame(await run('start tidy --follow').then(({ status, out, err }) => [status, out, err]), [
    0,
    `tidy is in round 3 of 50
Round 2: done, 1 m, 1.2K tokens, $0.50: Fixed one.
Round 2: failed, 1 m, 1.2K tokens, $0.50, nothing changed: no
tidy has ended after round 3 of 50: the check passed
`,
    '',
  ])
  const open = { ...ROUND, ended_at: null }
  const json = await (await serving(t, { rounds: [[open], [open], [ROUND]], loops: [{}, {}, end] })).run(
    'start tidy --follow --json',
  )
  t.match(
    json.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [{ loop: {} }, { iteration: 2 }, { loop: end }],
  )
  const checked = { definition: { user: 'x', verify: 'make' } }
  const worded = { definition: { user: 'x', completion_word: 'DONE' } }
  for (const [fields, status] of [
    [{ ...end, cause: 'completed' }, 0],
    [{ ...end, cause: 'iterations' }, 0],
    [{ ...end, cause: 'iterations', ...checked }, 65],
    [{ ...end, cause: 'time', ...worded }, 65],
    [{ ...end, cause: 'stopped' }, 1],
    [{ state: 'paused', cause: 'asked', why: 'w' }, 75],
    [{ state: 'paused', cause: 'no_change', why: 'w' }, 75],
  ] as const)
    t.equal((await (await serving(t, { loops: [fields] })).run('start tidy -f')).status, status)
})

t.test('a follower takes up a lost connection, and Ctrl-C ends only the command', async (t) => {
  const end = { state: 'ended', cause: 'completed', why: 'w' }
  const { run } = await serving(t, { loops: [{}, {}, end], losses: 2 })
  t.match(await run('start tidy --follow'), {
    status: 0,
    err: /cannot reach .*; trying again in 0.5 s\n.*in 1 s\n$/s,
  })
  t.match(await (await serving(t, { losses: 99 })).run('start tidy --follow'), { status: 69 })
  t.match(await (await serving(t, { loops: [{}, null] })).run('start tidy --follow'), { status: 66 })

  const { url } = await serving(t, {})
  const command = startCommand(['loop', 'start', 'tidy', '--follow'], { url })
  await until('it follows', () => command.out() !== '')
  command.interrupt()
  t.match(await command.ended, { status: 130, err: /the loop goes on; "looper loop status tidy" shows it/ })
})

t.test('on a terminal rm says what would be lost, and does nothing but for a yes', async (t) => {
  const { run, posted } = await serving(t, {})
  const asked = 'This will be removed:\n  loop tidy, with all its rounds and both its memories\n'
  t.match(await run('rm tidy', { ...TERMINAL, stdin: 'n\n' }), {
    status: 1,
    out: asked,
    err: 'Remove it? [y/N] looper: nothing was removed\n',
  })
  t.strictSame(posted, [])
  for (const [line, options] of [
    ['rm tidy', { ...TERMINAL, stdin: 'y\n' }],
    ['rm tidy --yes', TERMINAL],
    ['rm tidy', { ...TERMINAL, isInTerminal: false }],
  ] as const)
    t.match(await run(line, options), { status: 0, out: `${asked}Removed loop tidy\n` })
  t.match(await run('rm tidy'), { status: 0, out: 'Removed loop tidy\n' })
  t.match(JSON.parse((await run('rm tidy --json', TERMINAL)).out), { loop: { name: 'tidy' } })
  t.match(posted, Array(5).fill({ url: '/loops/tidy/remove', body: {} }))
  const none = await serving(t, { loops: [null] })
  t.match(await none.run('rm tidy --yes', TERMINAL), { status: 66, err: /there is no loop tidy/ })
  t.strictSame(none.posted, [])
})
