import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { markOf } from '../helpers/fault-service.ts'
import { COUNTING, setUpLoops } from '../helpers/loop-service.ts'
import { carriers } from '../helpers/processes.ts'
import { textOf, until } from '../helpers/service.ts'

if (process.platform !== 'linux') {
  t.plan(0, 'memory is read from /proc')
  process.exit()
}

const SHELL = { LOOPER_ALLOWED_EXECUTABLES: 'sh' }
/** Ends nothing that it started, each in a session of its own, one without anything that tells where it comes from. */
const DAEMONS = `echo begun; setsid sleep 300 & (setsid sh -c 'sleep 300 & exec sleep 301' &)
env -i PATH="$PATH" setsid sh -c 'echo $$ >hidden; trap "" INT TERM; while :; do sleep 0.05; done' & until [ -s hidden ]; do sleep 0.02; done`
const GIGABYTE = 1_073_741_824

/** A service whose loop has this monitor. */
async function setUp(t: Test, monitor: string, rounds = 2) {
  const loops = await setUpLoops(t, COUNTING, SHELL)
  await loops.define('one', { monitor, max_iterations: rounds })
  const { pid } = loops.service().child
  return {
    ...loops,
    rssMb: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    /** All that the service started and that lives, but for itself and what waits for the next run. */
    left: () =>
      carriers(markOf(loops.logDir)).filter(
        (other) => other !== pid && !textOf(`/proc/${other}/cmdline`).includes('wrapper.sh'),
      ),
  }
}

t.test('of the daemons that a monitor leaves nothing lives in the round', async (t) => {
  const { act, untilIs, rounds, lines, left, file } = await setUp(t, DAEMONS)
  await act('one', 'start')
  await untilIs('one', 'ended')
  t.match((await rounds('one')).rounds, [
    { error: null, monitor_output: 'begun' },
    { error: null, monitor_output: 'begun' },
  ])
  t.equal(lines('runs').length, 2)
  t.same(left(), [])
  const hidden = textOf(file('hidden')).trim()
  t.notMatch(textOf(`/proc/${hidden}/cmdline`), 'hidden', 'nor what hides')
})

t.test('a monitor that hangs is gone with its loop', async (t) => {
  const line = `trap '' INT TERM; ${DAEMONS}; echo >>hangs; while :; do sleep 0.05; done`
  const { act, look, rounds, lines, left } = await setUp(t, line)
  await act('one', 'start')
  await until('it hangs', () => lines('hangs').length === 1)
  t.match(await look('one'), { state: 'running', iteration: 1 })
  t.match(await act('one', 'stop'), { state: 'ended', cause: 'stopped' })
  t.same(left(), [])
  t.match((await rounds('one')).rounds, [{ run_id: null, error: 'somebody stopped it' }])
  t.equal(lines('runs').length, 0)
})

t.test('of a gigabyte the round is told the end, and the memory of the service is as before', async (t) => {
  const line = `yes 'what a monitor of many words may print, line after line' | head -c ${GIGABYTE}; echo; echo the end`
  const { act, look, rounds, rssMb, left } = await setUp(t, line, 1)
  const before = rssMb()
  let most = before
  const watch = setInterval(() => {
    most = Math.max(most, rssMb())
  }, 50)
  t.teardown(() => clearInterval(watch))
  await act('one', 'start')
  await until('its end', async () => (await look('one')).state === 'ended', 120_000)
  const [told] = (await rounds('one')).rounds
  t.equal(told?.error, null)
  // On a busy machine its time may be over first.
  t.match(told?.monitor_output, /^\[\d+ bytes cut\]\n[\s\S]*\n(the end|\[ended after 60 s\])$/)
  t.ok(String(told?.monitor_output).length <= 65_536)
  t.match(told?.prompt, 'line after line')
  t.ok(most - before < 150, `${Math.round(before)} MB before, ${Math.round(most)} MB at most`)
  t.comment(`${Math.round(before)} MB before, ${Math.round(most)} MB at most`)
  t.same(left(), [])
})
