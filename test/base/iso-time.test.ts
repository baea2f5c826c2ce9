import t from 'tap'
import { impossibleDay } from '../../src/base/iso-time.ts'

t.test('a day that no calendar has is named', async (t) => {
  for (const day of ['2026-02-29', '2026-02-31', '2026-04-31', '2026-13-01', '2026-01-00', '2100-02-29']) {
    t.equal(impossibleDay(day), day)
    t.equal(impossibleDay(`${day}T10:00:00+02:00`), day)
  }
})

t.test('other days and other texts are left to their readers', async (t) => {
  for (const given of ['2026-02-28', '2028-02-29', '2000-02-29', '2026-12-31T23:59:59Z', '', 'yore', '10m'])
    t.equal(impossibleDay(given), null)
})
