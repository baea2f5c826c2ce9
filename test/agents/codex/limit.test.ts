import { appendFileSync, globSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { limitedUntil } from '../../../src/agents/codex/limit.ts'

const SESSION = '019a8f3e-1111-7abc-8def-000000000001'
const OUTPUT = `OpenAI Codex v0.169.0
--------
session id: ${SESSION}
--------
user
go on
ERROR: You've hit your usage limit. Upgrade to Pro or try again at 3:05 PM.`

const RESET = 1_790_000_000
/** When the run ended. */
const ENDED = RESET * 1000 - 3_600_000
/** The next 3:05 PM on this machine, and the minute that it names. */
const SENTENCE = new Date(new Date(ENDED).setHours(15, 6, 0, 0)).getTime()
const NEXT = SENTENCE > ENDED ? SENTENCE : SENTENCE + 86_400_000

const eventOf = (rate_limits: unknown) =>
  JSON.stringify({ type: 'event_msg', payload: { type: 'token_count', info: null, rate_limits } })

/** A `CODEX_HOME` whose session has these lines. */
function homeOf(test: Test, lines: readonly string[], session = SESSION): string {
  const home = test.testdir()
  const dir = path.join(home, 'sessions/2026/06/15')
  mkdirSync(dir, { recursive: true })
  writeFileSync(
    path.join(dir, `rollout-2026-06-15T08-00-00-${session}.jsonl`),
    lines.map((l) => `${l}\n`).join(''),
  )
  return home
}

const windowOf = (used_percent: number, resets_at: number | null) => ({
  used_percent,
  window_minutes: 300,
  resets_at,
})

t.test('the reset of the full window is when a run may succeed again', async (t) => {
  const CODEX_HOME = homeOf(t, [
    '{"type":"session_meta"}',
    eventOf({
      limit_id: 'codex',
      primary: windowOf(100, RESET),
      secondary: windowOf(20, RESET + 86_400),
      credits: null,
    }),
    '{"type":"turn_aborted"}',
  ])
  t.equal(limitedUntil(OUTPUT, { CODEX_HOME }, ENDED), RESET * 1000)
})

t.test('of two full windows the later reset counts; where none says it is full, the sentence', async (t) => {
  const both = homeOf(t, [eventOf({ primary: windowOf(100, RESET), secondary: windowOf(101.5, RESET + 60) })])
  t.equal(limitedUntil(OUTPUT, { CODEX_HOME: both }, ENDED), (RESET + 60) * 1000)
  await t.test('none', async (t) => {
    const none = homeOf(t, [eventOf({ primary: windowOf(99, RESET + 5), secondary: windowOf(3, RESET) })])
    t.equal(limitedUntil(OUTPUT, { CODEX_HOME: none }, ENDED), NEXT)
  })
})

t.test('the last event counts', async (t) => {
  const CODEX_HOME = homeOf(t, [
    eventOf({ primary: windowOf(100, RESET - 1000), secondary: null }),
    eventOf({ primary: windowOf(100, RESET), secondary: null }),
  ])
  t.equal(limitedUntil(OUTPUT, { CODEX_HOME }, ENDED), RESET * 1000)
})

t.test('it counts behind a session of any length', async (t) => {
  const last = eventOf({ primary: windowOf(100, RESET), secondary: null })
  const CODEX_HOME = homeOf(t, [])
  const [name = ''] = globSync('sessions/*/*/*/*', { cwd: CODEX_HOME })
  truncateSync(path.join(CODEX_HOME, name), 8 * 1_073_741_824)
  appendFileSync(path.join(CODEX_HOME, name), `\n${last}\n`)
  t.equal(limitedUntil(OUTPUT, { CODEX_HOME }, ENDED), RESET * 1000)
})

t.test('without CODEX_HOME the sessions lie below the home', async (t) => {
  const home = t.testdir({ '.codex': {} })
  const dir = path.join(home, '.codex/sessions/2026/06/15')
  mkdirSync(dir, { recursive: true })
  writeFileSync(path.join(dir, `rollout-x-${SESSION}.jsonl`), eventOf({ primary: windowOf(100, RESET) }))
  t.equal(limitedUntil(OUTPUT, { HOME: home }, ENDED), RESET * 1000)
  // Without a HOME the account's own is meant, where no such session is.
  t.equal(
    limitedUntil(OUTPUT.replace(SESSION, `no-such-session-${process.pid}`), {}, ENDED),
    NEXT,
    os.homedir(),
  )
})

t.test('a run whose last error is another one is not limited', async (t) => {
  const CODEX_HOME = homeOf(t, [eventOf({ primary: windowOf(100, RESET) })])
  for (const output of [
    '',
    OUTPUT.replace(/ERROR.*/, 'ERROR: the stream was disconnected'),
    OUTPUT.replace('ERROR: You', 'the agent said: You'),
    `${OUTPUT}\nERROR: the stream was disconnected`,
  ]) {
    t.equal(limitedUntil(output, { CODEX_HOME }, ENDED), null, output.slice(-60))
  }
})

t.test('where no rollout names a time, the sentence does', async (t) => {
  const rollouts = [
    [],
    ['{"type":"session_meta"}'],
    [eventOf(null)],
    [eventOf({ primary: null, secondary: null })],
    [eventOf({ primary: windowOf(100, null), plan_type: 'plus' })],
    [eventOf({ primary: { used_percent: 100 }, secondary: { resets_at: RESET } })],
    ['{"rate_limits":"elsewhere"}'],
    ['{"rate_limits": no JSON'],
  ]
  for (const [i, lines] of rollouts.entries()) {
    await t.test(`rollout ${i}`, async (t) => {
      t.equal(limitedUntil(OUTPUT, { CODEX_HOME: homeOf(t, lines) }, ENDED), NEXT, lines.join())
    })
  }
})

t.test('a session that is none, or a reset beyond any window, is not believed', async (t) => {
  const CODEX_HOME = homeOf(t, [eventOf({ primary: windowOf(100, RESET * 1000) })])
  t.equal(limitedUntil(OUTPUT, { CODEX_HOME }, ENDED), null)
  t.equal(limitedUntil(OUTPUT.replace(/session id.*/, ''), { CODEX_HOME }, ENDED), NEXT)
  t.equal(limitedUntil('ERROR: You’ve hit your usage limit.', { CODEX_HOME }, ENDED), null)
})
