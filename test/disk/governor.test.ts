import { existsSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { diskAnswer } from '../../src/disk/answer.ts'
import { logsSource } from '../../src/disk/logs.ts'
import { recordsSource } from '../../src/disk/records.ts'
import { createRemover } from '../../src/disk/remover.ts'
import type { DiskSource } from '../../src/disk/source.ts'
import { keptBytes, removalsOf } from '../../src/disk/survey.ts'
import { mountSmallDisk } from '../helpers/fault-disk.ts'
import { logNameOf } from '../helpers/record.ts'
import { DAY_MS, MIB, NOW, setUpDisk } from './set-up.ts'

t.test('the oldest run goes first, its log and then its record, until all is within the cap', async (t) => {
  const { run, pass, names, rows, look, eventsOf, put, governorOf, never } = setUpDisk(t)
  for (const [i, id] of ['00000001', '00000002', '00000003', '00000004'].entries())
    run(id, { ageMs: (40 - i) * DAY_MS, bytes: MIB })
  put(`${logNameOf('00000001')}.times`, NOW, 30)
  put(`${logNameOf('00000001')}.verify`, NOW, 30)
  const seen = await look()
  t.match(
    seen.shares.map(({ source, remnants, problem }) => [source.name, remnants.length, problem]),
    [
      ['logs', 4, null],
      ['records', 4, null],
    ],
  )
  const records = seen.shares[1]?.bytes ?? 0
  t.ok(records > 4096)
  t.equal(seen.bytes, records + 4 * MIB + 60)
  // What is over the cap goes until all is 5 % below it.
  const capBytes = (seen.bytes - MIB - 1000) / 0.95
  t.same(
    removalsOf(seen, capBytes).map(({ remnant }) => remnant.what.replace(/^.*\//, '')),
    [logNameOf('00000001'), 'run 00000001'],
  )
  t.match(diskAnswer(seen, capBytes), {
    sources: [
      { name: 'logs', count: 4, kept: [], oldest: new Date(NOW - 40 * DAY_MS).toISOString() },
      { name: 'records', count: 4 },
    ],
    would_remove: {
      count: 2,
      first: [
        { source: 'logs', run_id: '00000001' },
        { source: 'records', what: 'run 00000001' },
      ],
    },
  })
  const governor = governorOf({ capBytes })
  t.equal(governor.last(), null)
  t.equal(await governor.pass(never), true)
  t.match(governor.last(), { at: NOW, isWithinCap: true })
  t.same(names(), ['00000002', '00000003', '00000004'].map(logNameOf))
  t.same(rows(), ['00000002', '00000003', '00000004'])
  t.match(eventsOf('disk.removed'), [{ count: 2 }])
  t.equal(await pass({ capBytes: 100 * MIB }), true, 'below the cap nothing happens')
  t.equal(names().length, 3)
  t.same(removalsOf(seen, 0), [], 'without a cap nothing goes')
  t.same(removalsOf(seen, seen.bytes), [], 'nor does anything that is no more than the cap')
  t.equal(removalsOf(seen, seen.bytes - 1).length, 1, 'one byte more, and it goes until there is room again')
})

t.test('what a live, a waiting, a recent or a resumable run needs stays, whatever the cap', async (t) => {
  const { run, pass, names, rows, look, ledger, intentOf, eventsOf, governorOf, never, put } = setUpDisk(t)
  run('00000001', { ageMs: null })
  run('00000002', { ageMs: 10_000 })
  run('00000003', { ageMs: 6 * DAY_MS, session: 'young' })
  run('00000004', { ageMs: 8 * DAY_MS, session: 'old' })
  run('00000005', { ageMs: 8 * DAY_MS, session: 'went-on' })
  run('00000006', { ageMs: 6 * DAY_MS, session: 'no-resume', agent: 'sh' })
  run('00000007', { ageMs: -DAY_MS })
  // The run that waits goes on in a session that would be too old.
  ledger.enqueue(intentOf('waits', { session: 'went-on' }), {
    ifRunning: 'queue',
    asked: '{}',
    place: 'last',
  })
  // The log of a launch that is not on the record yet.
  ledger.begin(intentOf('0000000a'))
  put(logNameOf('0000000a'), NOW - DAY_MS)
  put(logNameOf('0000000b'), NOW - DAY_MS)
  const kept = (await look()).shares.flatMap(({ remnants }) =>
    remnants.map(({ what, kept: why }) => `${what.replace(/^.*[ -]/, '')} ${why}`),
  )
  t.same(kept.toSorted(), [
    '00000001 live',
    '00000001.log live',
    '00000002 recent',
    '00000002.log recent',
    '00000003 resumable',
    '00000003.log null',
    '00000004 null',
    '00000004.log null',
    '00000005 live',
    '00000005.log null',
    '00000006 null',
    '00000006.log null',
    '00000007 recent',
    '00000007.log recent',
    '0000000a live',
    '0000000a.log live',
    '0000000b.log null',
    'waits live',
  ])
  const governor = governorOf()
  await governor.pass(never)
  t.same(names(), ['00000001', '00000002', '00000007', '0000000a'].map(logNameOf))
  t.same(rows(), ['00000001', '00000002', '00000003', '00000005', '00000007', '0000000a', 'waits'])
  t.match(governor.last(), { isWithinCap: false })
  await governor.pass(never)
  t.equal(eventsOf('disk.cap.exceeded').length, 1, 'that the cap cannot be kept is told once')
  t.ok(keptBytes(await look()) > 4096)
  await pass({ resumableMs: 0 })
  t.notOk(rows().includes('00000003'), 'zero days: nothing is kept for going on')
})

t.test('a clock that was set back makes nothing old', async (t) => {
  const { run, pass, rows } = setUpDisk(t)
  run('00000001', { ageMs: 0, session: 'x' })
  await pass({ now: () => NOW - 400 * DAY_MS })
  t.same(rows(), ['00000001'])
})

t.test(
  'links, directories and files of other names are nobody’s log, and nothing outside is touched',
  async (t) => {
    const { dir, pass, put, names, run } = setUpDisk(t)
    const outside = path.join(dir, '../outside')
    mkdirSync(outside)
    writeFileSync(path.join(outside, 'precious'), 'x')
    symlinkSync(path.join(outside, 'precious'), path.join(dir, logNameOf('0000000c')))
    mkdirSync(path.join(dir, logNameOf('0000000d')))
    put('mine.log', 0)
    put(`${logNameOf('0000000e')}.gz`, 0)
    run('00000001', { ageMs: 9 * DAY_MS })
    symlinkSync(path.join(outside, 'precious'), path.join(dir, `${logNameOf('00000001')}.times`))
    await pass()
    t.same(names(), [
      `${logNameOf('00000001')}.times`,
      logNameOf('0000000c'),
      logNameOf('0000000d'),
      `${logNameOf('0000000e')}.gz`,
      'mine.log',
    ])
    t.ok(existsSync(path.join(outside, 'precious')))
  },
)

t.test('a path on the record that leads elsewhere is never followed', async (t) => {
  const { dir, ledger, intentOf, pass, rows } = setUpDisk(t)
  const file = path.join(dir, '../../precious.log')
  writeFileSync(file, 'x')
  const end = { outcome: 'exited', returnCode: 0, cause: null, outputBytes: null, tokensUsed: null } as const
  for (const [id, logPath] of [
    ['a', file],
    ['../../etc', '/etc/passwd'],
  ] as const) {
    ledger.begin(intentOf(id))
    ledger.step(id, { logPath })
    ledger.finish(id, { ...end, endedAt: 0 })
  }
  await pass()
  t.same(rows(), [])
  t.ok(existsSync(file))
})

/** A source of things that can be told what happens to them. */
function sourceOf(remove: DiskSource['remove'], whats: readonly string[], name = 'things'): DiskSource {
  return {
    name,
    measure: async () => ({
      bytes: whats.length * 10,
      remnants: whats.map((what, at) => ({ what, runId: what, bytes: 10, at, session: null, kept: null })),
    }),
    remove,
  }
}

t.test('what cannot be removed is told once, and others go in its place', async (t) => {
  const { governorOf, never, eventsOf } = setUpDisk(t)
  const asked: string[] = []
  const whats = Array.from({ length: 30 }, (_, index) => `thing ${index}`)
  const source = sourceOf(async ({ what }) => {
    asked.push(what)
    if (Number(what.slice(6)) < 15) throw new Error('EACCES')
    return what !== 'thing 15'
  }, whats)
  const other = sourceOf(async () => true, ['thing 0', 'other'], 'others')
  const governor = governorOf({ sources: [source, other] })
  await governor.pass(never)
  t.equal(asked.length, 30)
  t.equal(eventsOf('disk.remove.fail').length, 15)
  await governor.pass(never)
  t.equal(eventsOf('disk.remove.fail').length, 15)
  t.equal(asked.length, 30 + 15, 'the next time what failed is passed over')
})

t.test('a source of which much cannot be removed is left alone until the next time', async (t) => {
  const { governorOf, never, eventsOf } = setUpDisk(t)
  const whats = Array.from({ length: 200 }, (_, index) => `thing ${index}`)
  const source = sourceOf(() => Promise.reject(new Error('EACCES')), whats)
  const governor = governorOf({ sources: [source] })
  await governor.pass(never)
  t.equal(eventsOf('disk.remove.fail').length, 64)
  await governor.pass(never)
  t.equal(eventsOf('disk.remove.fail').length, 128)
})

t.test('what failed is tried again after an hour', async (t) => {
  const { never, eventsOf, logger } = setUpDisk(t)
  let now = 0
  const remover = createRemover({ clock: { monotonic: () => now }, logger })
  const source = sourceOf(async () => {
    throw new Error('EACCES')
  }, [])
  const remnant = { what: 'a', runId: null, bytes: 1, at: 0, session: null, kept: null }
  const facts = { now: 0, resumableMs: 0, runs: [], liveLogs: new Set<string>() }
  t.equal(remover.isStuck('a'), false)
  t.equal(await remover.remove([{ source, remnant }], facts, never), 0)
  t.equal(remover.isStuck('a'), true)
  now = 3_600_000
  t.equal(remover.isStuck('a'), false)
  await remover.remove([{ source, remnant }], facts, never)
  t.equal(eventsOf('disk.remove.fail').length, 1)
  t.equal(await remover.remove([{ source, remnant }], facts, AbortSignal.abort()), 0)
})

t.test('a source that cannot be measured is told once, and the others are', async (t) => {
  const { governorOf, never, eventsOf, look } = setUpDisk(t)
  const broken: DiskSource = {
    ...sourceOf(async () => true, []),
    measure: () => Promise.reject(new Error('EIO')),
  }
  const sources = [broken, sourceOf(async () => true, ['a'], 'others')]
  t.match((await look({ sources })).shares, [
    { problem: 'EIO', bytes: 0 },
    { problem: null, bytes: 10 },
  ])
  const governor = governorOf({ sources })
  await governor.pass(never)
  await governor.pass(never)
  t.equal(eventsOf('disk.measure.fail').length, 1)
})

t.test('more than one pass can do goes in the next one', async (t) => {
  const { governorOf, never } = setUpDisk(t)
  const whats = Array.from({ length: 5001 }, (_, index) => `thing ${index}`)
  const gone: string[] = []
  const source = sourceOf(async ({ what }) => gone.push(what) > 0, whats)
  t.equal(await governorOf({ sources: [source] }).pass(never), false)
  t.equal(gone.length, 5000)
})

t.test('a record that somebody holds the lock of is left alone, and told once', async (t) => {
  const { run, governorOf, never, dbPath, rows, eventsOf, dir, put, sources } = setUpDisk(t)
  run('00000001', { ageMs: 9 * DAY_MS, bytes: null })
  put(logNameOf('0000000f'), 0)
  const other = new DatabaseSync(dbPath)
  other.exec('BEGIN IMMEDIATE')
  // As if it were waited for in vain: the real wait takes seconds.
  await governorOf({ sources }).pass(never)
  other.exec('ROLLBACK')
  other.close()
  t.same(rows(), ['00000001'])
  t.match(eventsOf('disk.remove.fail'), [{ what: 'run 00000001', error: /locked/ }])
  t.notOk(existsSync(path.join(dir, logNameOf('0000000f'))), 'its lock is in nobody else’s way')
})

t.test('a record that cannot be read is told, and tried again', async (t) => {
  const { governorOf, never, ledger, eventsOf } = setUpDisk(t)
  const governor = governorOf()
  ledger.close()
  t.equal(await governor.pass(never), true)
  t.equal(governor.last(), null)
  t.equal(eventsOf('disk.fail').length, 1)
  // Closed once more by the test's end.
  ledger.close = () => undefined
})

t.test('ten thousand logs keep nobody waiting', async (t) => {
  const { put, pass, names } = setUpDisk(t)
  for (let index = 0; index < 10_000; index++) put(logNameOf(String(index).padStart(8, '0')), index)
  let longest = 0
  let before = performance.now()
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - before)
    before = performance.now()
  }, 1)
  t.equal(await pass(), false)
  t.equal(await pass(), true)
  clearInterval(timer)
  t.equal(names().length, 0)
  t.comment(`the longest that others waited: ${Math.round(longest)} ms`)
  t.ok(longest < 2000)
})

t.test('a path that nothing can stand at is no reason to stop', async (t) => {
  const { ledger, look } = setUpDisk(t)
  const name = 'x'.repeat(300)
  const sources = [
    logsSource(`/${name}`),
    recordsSource({ dbPath: `/${name}`, ledger, canResume: () => true }),
  ]
  t.match((await look({ sources })).shares, [{ problem: /ENAMETOOLONG/ }, { problem: /ENAMETOOLONG/ }])
  const none = [logsSource('/none'), recordsSource({ dbPath: '/none', ledger, canResume: () => true })]
  t.match((await look({ sources: none })).shares, [
    { bytes: 0, problem: null },
    { bytes: 0, problem: null },
  ])
})

t.test('a disk that is filled up again while it deletes stops nothing, and loses no record', async (t) => {
  const disk = mountSmallDisk(t, 8)
  if (disk.kind === 'none') return t.plan(0, disk.why)
  const { run, pass, sources, names, rows, never, governorOf, eventsOf } = setUpDisk(t, disk.dir)
  const ids = Array.from({ length: 200 }, (_, index) => String(index).padStart(8, '0'))
  for (const [index, id] of ids.entries()) run(id, { ageMs: (400 - index) * DAY_MS, bytes: 4096 })
  run('alive000', { ageMs: null, bytes: 4096 })
  const [logs, records] = sources
  if (!logs || !records) return t.fail('both are there')
  // Whatever a log gave back is taken at once.
  const filled: DiskSource = {
    ...logs,
    async remove(...one) {
      const isGone = await logs.remove(...one)
      disk.fill()
      return isGone
    },
  }
  disk.fill()
  const governor = governorOf({ capBytes: 1, sources: [filled, records] })
  t.equal(await governor.pass(never), true)
  t.same(eventsOf('disk.fail'), [])
  t.same(names(), [logNameOf('alive000')], 'logs go all the same')
  const left = rows()
  t.ok(left.includes('alive000'))
  t.equal(eventsOf('disk.remove.fail').length > 0, left.length > 1, 'what stays on the record is told')

  disk.free()
  t.equal(await pass({ capBytes: 1 }), true)
  t.same(rows(), ['alive000'], 'when there is room again, the rest goes')
})

t.test('30,000 logs are measured in good time, and others get their turns meanwhile', async (t) => {
  const { dir, look } = setUpDisk(t)
  // Names of a few files: they are made faster, and are as many to look at.
  for (let number = 0; number < 30_000; number++) {
    const file = path.join(dir, `../log-${Math.floor(number / 10_000)}`)
    if (number % 10_000 === 0) writeFileSync(file, '0123456789')
    linkSync(file, path.join(dir, logNameOf(number.toString(16).padStart(8, '0'))))
  }
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const began = performance.now()
  const { shares } = await look()
  clearInterval(timer)
  const ms = performance.now() - began
  t.comment(`${Math.round(ms)} ms, ${turns} turns of others`)
  t.ok(ms < 60_000)
  t.ok(turns > 10)
  t.match([shares[0]?.bytes, shares[0]?.remnants.length], [300_000, 30_000])
})
