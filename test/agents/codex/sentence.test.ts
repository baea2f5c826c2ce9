import t from 'tap'
import { timeInSentence } from '../../../src/agents/codex/sentence.ts'

/** A moment by this machine's clock. */
const at = (day: number, hour: number, minute: number, month = 5) =>
  new Date(2026, month, day, hour, minute).getTime()
const LIMIT = 'ERROR: You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com) or'
const ENDED = at(15, 14, 30)

for (const [words, expected] of [
  ['try again at 8:26 PM.', at(15, 20, 27)],
  ['try again at 2:30 PM.', at(15, 14, 31)],
  ['try again at 2:29 PM.', at(16, 14, 30)],
  ['try again at 12:05 AM.', at(16, 0, 6)],
  ['try again at 12:05 PM.', at(16, 12, 6)],
  ['try again at Nov 29th, 2026 8:23 AM.', at(29, 8, 24, 10)],
  ['try again at June 16th, 2026 12:00 AM.', at(16, 0, 1)],
  ['try again in 3 hours 5 minutes.', ENDED + (3 * 60 + 6) * 60_000],
  ['try again in 1 day, 2 hours and 1 minute.', ENDED + (26 * 60 + 2) * 60_000],
  ['try again at 13:05 PM.', null],
  ['try again at 1:75 PM.', null],
  ['try again at Foo 29th, 2026 8:23 AM.', null],
  ['try again later.', null],
] as const) {
  t.test(`"${words}"`, async (t) => {
    t.equal(timeInSentence(`${LIMIT} ${words}`, ENDED), expected)
  })
}

t.test('a time of the next day may be in the next year', async (t) => {
  t.equal(
    timeInSentence(`${LIMIT} try again at 1:00 AM.`, at(31, 23, 0, 11)),
    new Date(2027, 0, 1, 1, 1).getTime(),
  )
})
