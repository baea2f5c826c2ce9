import {
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { removeFile } from '../../../src/base/files.ts'
import {
  listStates,
  makeState,
  parseEnd,
  parseReport,
  parseStatus,
  readState,
  removeState,
} from '../../../src/places/host/state-file.ts'

const WRAPPER = 'wrapper 20 100 boot\n'
const AGENT = 'agent 21 101 boot\n'
const NOTHING = { wrapper: null, agent: null }

t.test('a report tells the wrapper and the agent as soon as their lines are whole', async (t) => {
  const wrapper = { pid: 20, start: '100', bootId: 'boot' }
  t.strictSame(parseReport(''), NOTHING)
  t.strictSame(parseReport('wrapper 20 100 bo'), NOTHING)
  t.strictSame(parseReport(WRAPPER), { wrapper, agent: null })
  t.strictSame(parseReport(`${WRAPPER}agent 2`), { wrapper, agent: null })
  const agent = { pid: 21, start: '101', bootId: 'boot' }
  t.strictSame(parseReport(`${WRAPPER}${AGENT}end 0\n`), { wrapper, agent })
})

t.test('where the system has no ticks and names no boot, they are empty', async (t) => {
  t.strictSame(parseReport('wrapper 20  \n').wrapper, { pid: 20, start: '', bootId: '' })
})

t.test('a state file is read, listed and removed; one that is gone is no matter', async (t) => {
  const dir = t.testdir({ one: WRAPPER + AGENT, two: '', 'one.pid': '', 'two.stdin': '' })
  const file = path.join(dir, 'one')
  t.match(readState(file), { agent: { pid: 21 }, wrapper: { pid: 20 } })
  t.strictSame(listStates(dir).sort(), ['one', 'two'], 'what a wrapper needs for a moment is no state')
  removeFile(file)
  t.notOk(existsSync(file))
  removeFile(file)
  t.match(readState(file), NOTHING)
})

t.test('the status is told before the log is complete, and not before its line is whole', async (t) => {
  const report = WRAPPER + AGENT
  t.equal(parseStatus(report), null)
  t.equal(parseStatus(`${report}status -1`), null)
  t.equal(parseStatus(`${report}status -15\n`), -15)
  t.equal(parseEnd(`${report}status -15\n`), false)
  t.equal(parseEnd(`${report}status -15\nend -15`), false)
  t.equal(parseEnd(`${report}status -15\nend -15\n`), true)
  t.equal(parseStatus(`${report}end 7\n`), 7, 'a wrapper from before an update')
  const dir = t.testdir({ running: report, ended: `${report}status 3\nend 3\n` })
  t.equal(readState(path.join(dir, 'running')).status, null)
  t.equal(readState(path.join(dir, 'ended')).status, 3)
  t.equal(readState(path.join(dir, 'ended')).isComplete, true)
  t.equal(readState(path.join(dir, 'absent')).status, null)
})

t.test('the room in a state file that a wrapper has not used says nothing', async (t) => {
  const file = path.join(t.testdir(), 'one')
  makeState(file)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.ok(statSync(file).size >= 200)
  t.match(readState(file), NOTHING)
  const room = readFileSync(file, 'utf8')
  const told = `${WRAPPER}agent 2`
  writeFileSync(file, told + room.slice(told.length))
  t.match(readState(file), { wrapper: { pid: 20 }, agent: null })
  t.equal(readState(file).status, null)
})

t.test('a state file that was made huge tells what its wrapper told', async (t) => {
  const dir = t.testdir({ one: `${WRAPPER}${AGENT}status 3\nend 3\n` })
  const file = path.join(dir, 'one')
  truncateSync(file, 8 * 1_073_741_824)
  t.match(readState(file), { wrapper: { pid: 20 } })
  t.equal(readState(file).status, 3)
})

t.test('what is no file is no state, whatever its name', async (t) => {
  const dir = t.testdir({ one: `${WRAPPER}${AGENT}status 0\n`, directory: {} })
  symlinkSync(path.join(dir, 'one'), path.join(dir, 'link'))
  t.strictSame(listStates(dir), ['one'])
  for (const name of ['directory', 'link']) {
    t.match(readState(path.join(dir, name)), NOTHING, name)
    t.equal(readState(path.join(dir, name)).status, null, name)
  }
  const events: string[] = []
  const logger = pino({}, { write: (line: string) => events.push(line) })
  removeState(path.join(dir, 'directory'), logger)
  t.match(events, [/run\.state\.fail/])
})

t.test('where their directory is gone, or a file stands in its place, there are no states', async (t) => {
  const dir = t.testdir({ plain: '' })
  for (const name of ['absent', 'plain']) {
    const states = path.join(dir, name)
    t.strictSame(listStates(states), [])
    t.match(readState(path.join(states, 'one')), NOTHING)
    t.doesNotThrow(() => removeFile(path.join(states, 'one')))
  }
})

t.test('anything else in the way is told', async (t) => {
  const dir = t.testdir({ [`${'x'.repeat(9)}`]: {} })
  t.throws(() => listStates(path.join(dir, 'x'.repeat(300))), { code: 'ENAMETOOLONG' })
  mkdirSync(path.join(dir, 'states'))
  writeFileSync(path.join(dir, 'states/one'), '')
  t.throws(() => removeFile(path.join(dir, 'states')), { code: /EISDIR|EPERM/ })
})
