import t from 'tap'
import { openGovernor } from '../../src/disk/governor.ts'
import { endsOf } from '../../src/disk/next-end.ts'
import { createRemover } from '../../src/disk/remover.ts'
import { removalsOf } from '../../src/disk/survey.ts'
import type { RunStep } from '../../src/runs/steps.ts'
import { DAY_MS, MIB, NOW, setUpDisk } from './set-up.ts'

/** A clock whose sleeps end when they are told to. */
function handClock() {
  const sleeps: { ms: number; wake: () => void }[] = []
  return {
    sleeps,
    now: () => NOW,
    monotonic: () => 0,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        sleeps.push({ ms, wake: resolve })
        if (signal?.aborted) reject(signal.reason)
        signal?.addEventListener('abort', () => reject(signal.reason))
      }),
  }
}

t.test('it looks at once, after each end, and from time to time', async (t) => {
  const { depsOf, logger, run, rows } = setUpDisk(t)
  const clock = handClock()
  const listeners: ((step: RunStep) => void)[] = []
  const ends = endsOf({
    subscribe(listener) {
      listeners.push(listener)
      return () => listeners.pop()
    },
  })
  const governor = openGovernor({ ...depsOf(), capBytes: 1, clock, logger, nextEnd: ends.next })
  const over = new AbortController()
  const running = governor.run(over.signal)
  const slept = async (count: number) => {
    while (clock.sleeps.length < count) await new Promise((resolve) => setImmediate(resolve))
    return clock.sleeps[count - 1]
  }
  const pause = await slept(1)
  t.equal(pause?.ms, 1000)
  run('00000001', { ageMs: 9 * DAY_MS })
  pause?.wake()
  t.equal((await slept(2))?.ms, 600_000)
  t.same(rows(), ['00000001'])
  // What it looks at is the step alone.
  const tell = (step: string) => listeners[0]?.(JSON.parse(JSON.stringify({ step })))
  tell('launched')
  tell('ended')
  ;(await slept(3))?.wake()
  t.same(rows(), [])
  const late = await slept(4)
  run('00000002', { ageMs: 9 * DAY_MS })
  late?.wake()
  await slept(5)
  t.same(rows(), [])
  over.abort()
  await running
  ends.close()
  t.equal(listeners.length, 0)
})

t.test('what is left over is gone on with soon', async (t) => {
  const { depsOf, logger } = setUpDisk(t)
  const clock = handClock()
  const remnants = Array.from({ length: 5001 }, (_, at) => ({
    what: `thing ${at}`,
    runId: null,
    bytes: 1,
    at,
    session: null,
    kept: null,
  }))
  let looks = 0
  const source = {
    name: 'things',
    measure: async () => ({ bytes: 9000, remnants: looks++ === 0 ? remnants : [] }),
    remove: async () => true,
  }
  const deps = depsOf({ sources: [source] })
  const never = new Promise<void>(() => undefined)
  const governor = openGovernor({ ...deps, capBytes: 1, clock, logger, nextEnd: () => never })
  const over = new AbortController()
  const running = governor.run(over.signal)
  while (clock.sleeps.length < 1) await new Promise((resolve) => setImmediate(resolve))
  clock.sleeps[0]?.wake()
  while (clock.sleeps.length < 2) await new Promise((resolve) => setImmediate(resolve))
  t.equal(clock.sleeps[1]?.ms, 1000, 'it did not wait for an end')
  t.equal(looks, 2)
  over.abort()
  await running
})

t.test('what was removed from the record is given back where it is much', async (t) => {
  const { run, governorOf, never, look, rows, eventsOf, ledger } = setUpDisk(t)
  const prompt = 'x'.repeat(MIB)
  for (const id of ['1', '2', '3', '4']) run(id, { ageMs: 9 * DAY_MS, bytes: null, prompt })
  const before = (await look()).bytes
  t.ok(before > 4 * MIB)
  await governorOf({ capBytes: before }).pass(never)
  t.equal(rows().length, 4)
  await governorOf({ capBytes: 2.5 * MIB }).pass(never)
  const after = (await look()).bytes
  t.ok(after < 3 * MIB, `${after} bytes are left of ${before}`)
  t.ok(rows().length > 0)
  ledger.compact = () => Promise.reject(new Error('database is locked'))
  const governor = governorOf()
  run('5', { ageMs: 9 * DAY_MS, bytes: null, prompt })
  await governor.pass(never)
  run('6', { ageMs: 9 * DAY_MS, bytes: null, prompt })
  await governor.pass(never)
  t.equal(eventsOf('disk.compact.fail').length, 1)
})

t.test('a session that is gone on in since it was measured keeps its record', async (t) => {
  const { run, sources, look, ledger, intentOf, rows, never, logger } = setUpDisk(t)
  run('a', { ageMs: 9 * DAY_MS, bytes: null, session: 's' })
  const seen = await look()
  ledger.begin(intentOf('b', { session: 's' }))
  const remover = createRemover({ clock: { monotonic: () => 0 }, logger })
  const removals = removalsOf(seen, 1)
  t.match(removals, [{ source: sources[1], remnant: { what: 'run a' } }])
  t.equal(await remover.remove(removals, seen.facts, never), 0)
  t.same(rows(), ['a', 'b'])
})
