import t from 'tap'
import { readOwnEvents } from '../../src/agents/command/own-events.ts'
import { openTranscript } from '../../src/agents/transcript.ts'

const LINES = [
  '{"kind":"session","id":"s"}\n',
  '{"kind":"tool","id":"a","name":"Bash","input":"ls","state":"started"}\n',
  '{"kind":"text","text":"One."}\n',
  '{"kind":"tool","id":"a","output":"x","state":"done"}\n',
  '{"kind":"tool","id":"b","name":"Read","state":"started"}',
]

t.test('each entry has a number and a place; an open call stands with the others', async (t) => {
  const transcript = openTranscript(readOwnEvents())
  const entries = [...transcript.push(Buffer.from(LINES.join(''))), ...transcript.end()]
  const places = LINES.map((_, i) => LINES.slice(0, i + 1).join('').length)
  t.match(entries, [
    { seq: 1, offset: places[1], kind: 'tool', state: 'started' },
    { seq: 2, offset: places[2], kind: 'text' },
    { seq: 3, offset: places[3], kind: 'tool', name: 'Bash', input: 'ls', output: 'x', state: 'done' },
    { seq: 4, offset: places[4], kind: 'tool', name: 'Read' },
  ])
})
