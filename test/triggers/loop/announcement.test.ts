import { once } from 'node:events'
import path from 'node:path'
import t from 'tap'
import { openLedger } from '../../../src/record/ledger.ts'
import { announcementOf } from '../../../src/triggers/loop/announcement.ts'
import { LOOP_TABLES, loopRecords } from '../../../src/triggers/loop/records.ts'
import { heartOf } from '../../helpers/heart.ts'
import { loopOf } from '../../helpers/loop-record.ts'
import { COUNTING, setUpLoops } from '../../helpers/loop-service.ts'
import { textOf, until } from '../../helpers/service.ts'

t.test('people are told once that a loop has ended, or pauses, and what they can do', async (t) => {
  const loops = await setUpLoops(t, COUNTING)
  const told = (what: RegExp) => loops.zulip.messages.filter(({ content }) => what.test(content))
  await loops.define('tidy', { max_iterations: 2 })
  await loops.act('tidy', 'start')
  const ended = /Loop tidy has ended: 2 rounds are done\. 2 rounds, .*, 14 tokens\.\n.*looper loop start tidy/
  await until('it is told', () => told(ended).length === 1)

  await loops.define('tidy', { interval_seconds: 3600 })
  await loops.act('tidy', 'start')
  await loops.untilIs('tidy', 'waiting')
  await loops.act('tidy', 'pause')
  const paused = /Loop tidy pauses: somebody paused it\. 1 round, .*\n.*looper loop resume tidy/
  await until('the pause is told', () => told(paused).length === 1)
  await loops.act('tidy', 'resume')
  await loops.untilIs('tidy', 'waiting')
  await loops.act('tidy', 'pause')
  await until('and so is the next one', () => told(/Loop tidy pauses/).length === 2)
  await loops.act('tidy', 'stop')
  await until('the stop is told', () => told(/Loop tidy has ended: somebody stopped it/).length === 1)

  await loops.stop()
  await until('it answers', async () => (await loops.look('tidy')).state === 'ended')
  t.equal(told(/Loop tidy/).length, 4, 'nothing again')
  const { child } = loops.service()
  child.kill('SIGKILL')
  await once(child, 'exit')
  const ledger = openLedger(path.join(loops.logDir, 'looper.db'), (message) => t.fail(message))
  loopRecords(ledger.tablesOf(LOOP_TABLES)).update('tidy', { untoldAt: 5 })
  ledger.close()
  await loops.kill()
  await until('what was not told is', () => told(/Loop tidy has ended: somebody stopped it/).length === 2)
})

t.test('a loop of which no round had a run is told of as well', async (t) => {
  const loops = await setUpLoops(t, COUNTING, { LOOPER_ALLOWED_EXECUTABLES: 'false' })
  await loops.define('tidy', { gate: 'false' })
  await loops.act('tidy', 'start')
  const isTold = () =>
    loops.zulip.messages.some(({ content }) => /loop\/tidy.*\n.*Loop tidy pauses/s.test(content))
  await until('it is told', isTold)
  t.same(loops.lines('runs'), [])
  const { messages } = JSON.parse(await (await fetch(`${loops.service().url}/outbox`)).text())
  t.match(messages, [{ run_id: null, text: /Loop tidy pauses/ }])
})

t.test('what cannot be told is told in the log', async (t) => {
  const loops = await setUpLoops(t, COUNTING, { LOOPER_NOTICE_SCRIPT: '/nonexistent/script' })
  await loops.define('tidy', { max_iterations: 1 })
  await loops.act('tidy', 'start')
  const log = path.join(loops.logDir, 'looper-server.log')
  const all = () => loops.service().output() + textOf(log)
  await until('it is there', () => all().includes('loop.notice.fail'))
  t.pass()
})

t.test('what is told names what is known, and is noted as it stands', async (t) => {
  const records = loopRecords(heartOf(t).ledger.tablesOf(LOOP_TABLES))
  const tally = { ...loopOf().tally, iterations: 3, tokens: 7, costUsd: 1.25 }
  const held = loopOf({ state: 'paused', cause: 'quota', why: 'codex is held', untoldAt: 9000, tally })
  records.define('default', { user: 'x' })
  records.update('default', { untoldAt: 9000 })
  const announcement = announcementOf(held, records)
  t.match(announcement, {
    from: { name: 'loop/default' },
    message:
      'Loop default pauses: codex is held. 3 rounds, less than 1 s, 7 tokens, $1.25.\nIt goes on by itself.',
  })
  records.update('default', { untoldAt: 9001 })
  announcement?.note()
  t.match(records.find('default'), { untoldAt: 9001 }, 'a later one is still to be told')
  t.equal(announcementOf(loopOf(), records), null)
})
