import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { AskAnswer } from '../../src/people/schemas.ts'
import { runCommand } from '../helpers/command.ts'

const world = { clock: { ...systemClock, now: () => Date.parse('2026-11-01T10:00:00Z') } }
const ASK: AskAnswer = {
  ask_id: 'k7m2qd',
  run_id: '3f2a1b2c-0000-0000-0000-000000000000',
  question: 'Deploy now?\nIt takes a minute.',
  choices: ['yes', 'no'],
  default: 'no',
  reference: 'CHANGELOG.md',
  digest: 'd',
  state: 'open',
  asked_at: '2026-11-01T09:55:00.000Z',
  deadline: '2026-11-01T10:10:00.000Z',
  answer: null,
  answered_by: null,
  settled_at: null,
}

/** A service with these asks; what was asked of it. */
async function asking(test: Test, asks: AskAnswer[]) {
  const seen: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push(`${request.url} ${body}`)
    const answered = { ...ASK, state: 'answered', ...(body !== '' && JSON.parse(body)) }
    response.end(JSON.stringify(request.method === 'GET' ? { asks } : answered))
  }).listen(0, '127.0.0.1')
  test.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, seen }
}

t.test('what agents ask is shown, the oldest first, with what answers it', async (t) => {
  const plain = { ...ASK, ask_id: 'aaaaaa', question: 'Which port?', choices: [], reference: null }
  const asks = [
    ASK,
    { ...plain, default: null },
    { ...plain, default: null, deadline: null },
    { ...plain, deadline: '2026-11-01T09:59:00.000Z' },
  ]
  const { url, seen } = await asking(t, asks)
  const { status, out } = await runCommand(['asks'], { url, world })
  t.equal(status, 0)
  t.equal(
    out,
    `aaaaaa  run 3f2a1b2c, asked 5 m ago, until in 0 s, then: no
  Which port?
aaaaaa  run 3f2a1b2c, asked 5 m ago
  Which port?
aaaaaa  run 3f2a1b2c, asked 5 m ago, until in 10 m
  Which port?
k7m2qd  run 3f2a1b2c, asked 5 m ago, until in 10 m, then: no
  Deploy now?
  It takes a minute.
  choices: yes | no
  about: CHANGELOG.md
Answer with: looper answer ID TEXT
`,
  )
  t.same(JSON.parse((await runCommand(['asks', '--json'], { url, world })).out), { asks })
  t.same(seen, Array(2).fill('/asks?limit=500&state=open '))
  const nobody = await asking(t, [])
  t.equal((await runCommand(['asks'], { url: nobody.url })).out, 'No agent asks anything.\n')
  t.equal((await runCommand(['asks', '--all'], { url: nobody.url })).out, 'No agent has asked anything.\n')
  t.same(nobody.seen, ['/asks?limit=500&state=open ', '/asks?limit=500 '])
})

t.test('what became of asks is shown, too', async (t) => {
  const plain = { ...ASK, question: 'a?', choices: [], reference: null }
  const { url } = await asking(t, [
    { ...plain, state: 'withdrawn' },
    { ...plain, state: 'expired' },
    { ...plain, state: 'expired', answer: 'no' },
    { ...plain, state: 'answered', answer: 'yes' },
    { ...plain, state: 'answered', answer: 'yes', answered_by: 'ann' },
  ])
  const { out } = await runCommand(['asks', '--all'], { url, world })
  const heads = out.split('\n').filter((line) => line.startsWith('k7m2qd'))
  t.same(
    heads.map((line) => line.replace('k7m2qd  run 3f2a1b2c, ', '')),
    ['answered by ann: yes', 'answered: yes', 'expired, the default counts: no', 'expired', 'withdrawn'],
  )
})

t.test('an answer is one word, or what stdin says', async (t) => {
  const { url, seen } = await asking(t, [])
  t.match(await runCommand(['answer', 'K7M2QD', 'yes'], { url }), {
    status: 0,
    out: 'Answered k7m2qd: yes\n',
  })
  for (const words of [['-'], []]) {
    const line = ['answer', 'k7m2qd', ...words, '--json']
    const { status, out } = await runCommand(line, { url, stdin: 'line one\nline two\n' })
    t.equal(status, 0)
    t.match(JSON.parse(out), { answer: 'line one\nline two' })
  }
  t.equal(seen[0], '/asks/k7m2qd/answer {"answer":"yes"}')
  t.match(await runCommand(['answer', 'a/b', 'x'], { url }), { status: 2, err: /not the id of a question/ })
  t.match(await runCommand(['answer'], { url }), { status: 2 })
  t.equal(seen.length, 3)
})
