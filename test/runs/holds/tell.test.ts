import { pino } from 'pino'
import t from 'tap'
import type { Held } from '../../../src/runs/holds/holds.ts'
import { messageFor, tellingHolds } from '../../../src/runs/holds/tell.ts'

const AT = Date.parse('2026-11-25T12:00:00Z')
const HELD: Held = {
  agent: 'codex',
  since: AT,
  until: AT,
  tryAt: AT + 2000,
  tries: 0,
  probe: null,
  runId: 'a',
  isTold: false,
  heldUntil: AT + 2000,
}

t.test('people are told until when, or when a run is tried', async (t) => {
  t.match(messageFor(HELD), /^The usage limit of codex is reached\. Its runs wait until 2026-11-25T12:00:02/)
  t.match(messageFor({ ...HELD, until: null }), /Nobody knows when it is reset: a run is tried at 2026-/)
})

t.test('a notice that fails is told in the log', async (t) => {
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => lines.push(line) })
  const { signal } = new AbortController()
  const told = Promise.withResolvers<void>()
  const notify = () => {
    queueMicrotask(told.resolve)
    return Promise.reject(new Error('no such stream'))
  }
  tellingHolds({ notify, logger, signal })(HELD)
  await told.promise
  await new Promise(setImmediate)
  t.match(JSON.parse(String(lines[0])), { msg: 'hold.notice.fail', agent: 'codex', error: 'no such stream' })
})
