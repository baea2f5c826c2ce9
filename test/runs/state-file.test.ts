import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { removeFile } from '../../src/files.ts'
import { listStates, parseReport, readState, readStatus } from '../../src/runs/state-file.ts'

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
  t.strictSame(readState(file), NOTHING)
})

t.test('the status is told with the last line, and not before it is whole', async (t) => {
  const dir = t.testdir({ running: WRAPPER + AGENT, torn: `${AGENT}end -1`, ended: `${AGENT}end -15\n` })
  t.equal(readStatus(path.join(dir, 'running')), null)
  t.equal(readStatus(path.join(dir, 'torn')), null)
  t.equal(readStatus(path.join(dir, 'ended')), -15)
  t.equal(readStatus(path.join(dir, 'absent')), null)
  t.throws(() => readStatus(dir), { code: 'EISDIR' })
})

t.test('where their directory is gone, or a file stands in its place, there are no states', async (t) => {
  const dir = t.testdir({ plain: '' })
  for (const name of ['absent', 'plain']) {
    const states = path.join(dir, name)
    t.strictSame(listStates(states), [])
    t.strictSame(readState(path.join(states, 'one')), NOTHING)
    t.doesNotThrow(() => removeFile(path.join(states, 'one')))
  }
})

t.test('anything else in the way is told', async (t) => {
  const dir = t.testdir({ [`${'x'.repeat(9)}`]: {} })
  t.throws(() => readState(dir), { code: 'EISDIR' })
  t.throws(() => listStates(path.join(dir, 'x'.repeat(300))), { code: 'ENAMETOOLONG' })
  mkdirSync(path.join(dir, 'states'))
  writeFileSync(path.join(dir, 'states/one'), '')
  t.throws(() => removeFile(path.join(dir, 'states')), { code: /EISDIR|EPERM/ })
})
