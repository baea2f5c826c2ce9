import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import { systemClock } from '../../src/base/clock.ts'
import { openOutbox } from '../../src/notices/outbox.ts'
import { zulipSettings } from '../../src/notices/zulip/settings.ts'
import { zulipArrived, zulipNotices } from '../../src/notices/zulip/zulip.ts'
import { openLedger } from '../../src/record/ledger.ts'
import { beginReading } from '../../src/settings/part.ts'

/**
 * A life of an outbox: takes numbers of messages as lines, says each again when its message is on the record, and sends them to
 * Zulip until it is killed.
 *
 * usage: node scripts/soak/outbox-life.ts LEDGER CONVERSATIONS
 */

const [file = '', conversations = '1'] = process.argv.slice(2)
const ledger = openLedger(file, (message) => console.error(message))
const settings = zulipSettings.read(beginReading(process.env, { projectDir: '/', home: '/' }))
const outbox = openOutbox({
  ledger,
  notify: zulipNotices(settings, process.env, (message) => console.error(`not sent: ${message}`)),
  amend: async () => false,
  at: () => null,
  arrived: zulipArrived(settings, process.env),
  clock: systemClock,
  logger: pino({ level: 'silent' }),
  hurry: new AbortController().signal,
})
outbox.resume()
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const conversation = `conversation ${Number(line) % Number(conversations)}`
  outbox.add({
    key: line,
    runId: 'soak',
    conversation,
    edits: null,
    content: `message ${line} of ${conversation}`,
    instead: null,
    isUrgent: false,
    createdAt: Date.now(),
  })
  console.log(line)
})
await once(lines, 'close')
