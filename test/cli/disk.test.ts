import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { moment } from '../../src/cli/human.ts'
import type { DiskAnswer } from '../../src/disk/schemas.ts'
import { runCommand } from '../helpers/command.ts'

const AT = '2026-11-01T08:00:02.000Z'
const RUN_ID = '3f2a0000-aaaa'
const ANSWER: DiskAnswer = {
  cap_mb: 2000,
  bytes: 3 * 1024 ** 3,
  kept_bytes: 600,
  resumable_days: 7,
  sources: [
    {
      name: 'logs',
      bytes: 3 * 1024 ** 3,
      count: 340,
      oldest: AT,
      kept: [{ reason: 'live', count: 1, bytes: 2048 }],
      problem: null,
    },
    { name: 'records', bytes: 600, count: 0, oldest: null, kept: [], problem: 'EIO: it cannot be read' },
  ],
  would_remove: {
    count: 3,
    bytes: 12 * 1024 ** 2,
    first: [
      { source: 'logs', what: '/logs/a.log', run_id: RUN_ID, bytes: 12 * 1024 ** 2, at: AT },
      { source: 'records', what: `run ${RUN_ID}`, run_id: RUN_ID, bytes: 100, at: AT },
    ],
  },
}

async function answering(test: Test, answer: object) {
  const asked: (string | undefined)[] = []
  const server = createServer(({ url }, response) => {
    asked.push(url)
    response.end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  test.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, asked }
}

t.test('who takes what is told, and why some of it stays', async (t) => {
  const { url } = await answering(t, ANSWER)
  const { status, out } = await runCommand(['disk'], { url })
  t.equal(status, 0)
  t.equal(
    out,
    [
      `logs         3 GB  340, the oldest of ${moment(AT)}`,
      '                   1 stay (2 KB) of runs that live or wait',
      'records      1 KB  0',
      '                   EIO: it cannot be read',
      '3 GB in all, of at most 2 GB (LOOPER_DISK_CAP_MB)',
      '',
    ].join('\n'),
  )
  t.same(JSON.parse((await runCommand(['disk', '--json'], { url })).out), ANSWER)
})

t.test('a cap that cannot be kept is told, and a reason that is newer than the command', async (t) => {
  const sources = [{ ...ANSWER.sources[0], kept: [{ reason: 'pinned', count: 2, bytes: 1 }] }]
  const { url } = await answering(t, { ...ANSWER, kept_bytes: 3 * 1024 ** 3, sources })
  const { out } = await runCommand(['disk'], { url })
  t.match(out, /2 stay \(1 KB\) pinned/)
  t.match(out, /3 GB of it stay whatever the cap: raise it, or lower LOOPER_RESUMABLE_DAYS/)
  const none = await answering(t, { ...ANSWER, cap_mb: null })
  t.match((await runCommand(['disk'], { url: none.url })).out, /3 GB in all, no cap \(LOOPER_DISK_CAP_MB\)/)
})

t.test('what would be removed is told in its order', async (t) => {
  const { url, asked } = await answering(t, ANSWER)
  const { out } = await runCommand(['disk', '--dry-run', '--cap-mb', '100'], { url })
  t.equal(
    out,
    [
      `${moment(AT)}     12 MB  /logs/a.log (run 3f2a0000)`,
      `${moment(AT)}      1 KB  run ${RUN_ID}`,
      'and 1 more',
      '3 would be removed, 12 MB in all',
      '',
    ].join('\n'),
  )
  t.same(asked, ['/disk?cap_mb=100'])
  const first = ANSWER.would_remove.first.slice(0, 1)
  const one = await answering(t, { ...ANSWER, would_remove: { count: 1, bytes: 1, first } })
  t.notMatch((await runCommand(['disk', '--dry-run'], { url: one.url })).out, /more/)
  const nothing = { ...ANSWER, would_remove: { count: 0, bytes: 0, first: [] } }
  const calm = await answering(t, nothing)
  t.match((await runCommand(['disk', '--dry-run'], { url: calm.url })).out, /Nothing would be removed now/)
  const free = await answering(t, { ...nothing, cap_mb: null })
  t.match((await runCommand(['disk', '--dry-run'], { url: free.url })).out, /there is no cap/)
})
