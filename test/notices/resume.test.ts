import { pino } from 'pino'
import t from 'tap'
import { sendEndNotices } from '../../src/notices/end-notices.ts'
import type { Ledger } from '../../src/record/ledger.ts'
import type { OutboxMessage } from '../../src/record/outbox.ts'
import { heartOf } from '../helpers/heart.ts'

const END = { outcome: 'exited', returnCode: 0, cause: null, outputBytes: 0, tokensUsed: null } as const

t.test('ends whose message was never put in are told, and no others', async (t) => {
  const heart = heartOf(t)
  const { ledger } = heart
  const events: string[] = []
  const added: string[] = []
  let resumed = 0
  let now = 1000
  const open = (more: Partial<Ledger> = {}) =>
    sendEndNotices({
      steps: { subscribe: () => () => undefined },
      ledger: { ...ledger, ...more },
      clock: { now: () => now },
      mode: 'message',
      conversation: () => 'here',
      tail: () => '',
      ends: { edited: () => 'edited', sent: ({ runId }) => runId },
      outbox: {
        add(message: OutboxMessage) {
          added.push(String(message.runId))
          ledger.addToOutbox(message, () => undefined)
        },
        resume: () => {
          resumed += 1
        },
        close: async () => undefined,
      },
      logger: pino({}, { write: (line: string) => events.push(JSON.parse(line).error) }),
    })
  const ended = (endedAt: number, noticeId: number | null = 7) => {
    const { runId } = heart.begin('true')
    ledger.step(runId, { noticeId })
    ledger.finish(runId, { ...END, endedAt })
    return runId
  }
  ended(900)
  open().resume()
  t.same(added, [], 'nothing is known of what was before')
  ended(1000, null)
  const missed = ended(1001)
  heart.begin('sleep 300')
  now = 2000
  open({ find: () => null }).resume()
  t.same(added, [])
  ledger.setNote('ends.since', '1000')
  open().resume()
  t.same(added, [missed])
  ledger.setNote('ends.since', '1000')
  open().resume()
  t.same(added, [missed])
  t.equal(resumed, 4)

  open({
    note() {
      throw new Error('disk I/O error')
    },
  }).resume()
  t.same(events, ['disk I/O error'])
})
