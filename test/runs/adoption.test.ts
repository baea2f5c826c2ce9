import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { createAdoption } from '../../src/runs/adoption.ts'
import { createLiveRuns } from '../../src/runs/live.ts'
import { heartOf } from '../helpers/heart.ts'
import { until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'identities are read from /proc')
  process.exit()
}

type Heart = ReturnType<typeof heartOf>

/** An adoption whose looks at processes fail for as long as they are told to. */
function adoptionOf({ deps }: Heart, more: { clock?: Clock } = {}) {
  let isBlind = true
  const { isAlive } = deps.table
  const table: typeof deps.table = {
    ...deps.table,
    isAlive: (identity) => (isBlind ? Promise.reject(new Error('EMFILE')) : isAlive(identity)),
  }
  const live = createLiveRuns({ ...deps, table })
  const adoption = createAdoption({ ...deps, table, ...more, live })
  return {
    live,
    adoption,
    see: () => {
      isBlind = false
    },
  }
}

t.test('a run that cannot be looked at is neither ended nor forgotten: it is taken up later', async (t) => {
  const heart = heartOf(t)
  const { runId } = await heart.leftBy('until [ -e go ]; do sleep 0.02; done; exit 3')
  const { adoption, live, see } = adoptionOf(heart)
  const begun = adoption.begin()
  await until('it is told', () => heart.eventsOf('run.adopt.fail').length > 0)
  t.match(heart.ledger.find(runId), { outcome: null })
  await systemClock.sleep(600)
  see()
  await adoption.settled()
  await begun
  const [run] = live.all()
  t.equal(run?.runId, runId)
  t.equal(heart.eventsOf('run.adopt.fail').length, 1, 'it is told once')
  writeFileSync(path.join(heart.workspace, 'go'), '')
  t.match(await run?.ended, { outcome: 'exited', returnCode: 3 })
})

t.test('nobody waits without end for what cannot be taken up, and who leaves not at all', async (t) => {
  const heart = heartOf(t)
  const { runId } = await heart.leftBy('exec sleep 300')
  const waits: number[] = []
  const clock: Clock = {
    ...systemClock,
    async sleep(ms, signal) {
      waits.push(ms)
      await systemClock.sleep(10, signal)
    },
  }
  const { adoption } = adoptionOf(heart, { clock })
  await adoption.settled()
  await adoption.over()
  t.strictSame(waits, [], 'before it begins nothing is waited for')
  const begun = adoption.begin()
  await t.rejects(adoption.settled(), { code: 'LOOPER_BUSY', message: /^busy: runs from before the restart/ })
  t.ok(waits.includes(30_000))
  adoption.leave()
  await begun
  await adoption.settled()
  t.match(heart.ledger.find(runId), { outcome: null }, 'the next life takes it up')
})
