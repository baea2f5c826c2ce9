import t from 'tap'
import { openTools } from '../../src/agents/open-tools.ts'

t.test('a call that ends has the name and the input with which it started', async (t) => {
  const tools = openTools()
  tools.started('a', 'Bash', 'ls')
  t.match(tools.ended('a', 'x', false), { id: 'a', name: 'Bash', input: 'ls', output: 'x', state: 'done' })
  t.match(tools.ended('a', null, true), { name: '', input: null, state: 'failed' })
})

t.test('calls that never end are forgotten, the oldest first', async (t) => {
  const tools = openTools()
  for (let i = 0; i <= 1000; i++) tools.started(`${i}`, `tool ${i}`, null)
  t.equal(tools.ended('0', null, false).name, '')
  t.equal(tools.ended('1', null, false).name, 'tool 1')
})
