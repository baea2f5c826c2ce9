import path from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { systemClock } from '../../../src/base/clock.ts'
import { LooperError } from '../../../src/base/errors.ts'
import { createAutopoll } from '../../../src/triggers/autopoll/autopoll.ts'
import { heartOf } from '../../helpers/heart.ts'
import { until } from '../../helpers/service.ts'

const SPENT = new LooperError('LOOPER_BUDGET_SPENT', 'the day has used all')

for (const [when, held] of [
  ['before it looks', () => SPENT],
  ['when it would launch', () => null],
] as const) {
  t.test(
    `where the budget of the day is used up ${when} nothing is launched, and that is told`,
    async (t) => {
      const heart = heartOf(t)
      const skipped: string[] = []
      const polling = createAutopoll({
        runs: {
          live: () => [],
          occupation: async () => ({ obstacle: null, agents: [] }),
          async launchIfIdle(_slot, prepare) {
            const wanted = await prepare()
            return wanted ? { kind: 'no_room', why: SPENT } : { kind: 'declined' }
          },
        },
        slot: 'default',
        ledger: heart.ledger,
        prepare: async () => heart.launchOf('true'),
        held,
        notify: async () => ({ output: '', messageId: null }),
        pollMs: 60_000,
        staleMs: 0,
        maxRunsPerHour: 9,
        logDir: path.join(heart.dir, 'logs'),
        clock: systemClock,
        logger: pino({}, { write: () => undefined }),
        skipped: (kind) => skipped.push(kind),
      })
      const over = new AbortController()
      const running = polling.run(over.signal)
      await until('it looked', () => skipped.length > 0)
      over.abort()
      await running
      t.same(skipped, ['day_budget'])
    },
  )
}

t.test('where other slots leave no room nothing is launched, and that is told', async (t) => {
  const heart = heartOf(t)
  const why = new LooperError('LOOPER_MAX_RUNS', '4 other slots have a run')
  const asked: string[] = []
  const skipped: string[] = []
  const lines: string[] = []
  const polling = createAutopoll({
    runs: {
      live: () => [],
      occupation: async () => ({ obstacle: null, agents: [] }),
      async launchIfIdle(slot) {
        asked.push(slot)
        return { kind: 'no_room', why }
      },
    },
    slot: 'nightly',
    ledger: heart.ledger,
    prepare: async () => heart.launchOf('true'),
    held: () => null,
    notify: async () => ({ output: '', messageId: null }),
    pollMs: 60_000,
    staleMs: 0,
    maxRunsPerHour: 9,
    logDir: path.join(heart.dir, 'logs'),
    clock: systemClock,
    logger: pino({}, { write: (line: string) => lines.push(line) }),
    skipped: (kind) => skipped.push(kind),
  })
  await t.rejects(polling.launch(null), { code: 'LOOPER_MAX_RUNS' })
  const over = new AbortController()
  const running = polling.run(over.signal)
  await until('it looked', () => skipped.length > 0)
  over.abort()
  await running
  t.same(skipped, ['no_room'])
  t.same(asked, ['nightly', 'nightly'])
  t.match(lines.join(''), /codex\.exec\.autopoll\.skip/)
  t.match(lines.join(''), why.message)
})
