import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { memoryTools } from '../../../src/triggers/loop/memory-tools.ts'
import { LOOP_TABLES, loopRecords } from '../../../src/triggers/loop/records.ts'
import { heartOf } from '../../helpers/heart.ts'
import { COUNTING, setUpLoops } from '../../helpers/loop-service.ts'
import { callTool, connectMcp, toolNames } from '../../helpers/mcp.ts'
import { textOf, until } from '../../helpers/service.ts'
import { KEEPING_AGENT, TOOLS_ON } from '../../helpers/tool-run.ts'

const MEMORY_TOOLS = ['forget', 'note', 'remember']
/** Keeps its token where the test finds it, and ends when it is told. */
const AGENT = `${COUNTING}; printf %s "$LOOPER_RUN_TOKEN" >token.new; mv token.new token; until [ -e go ]; do sleep 0.05; done`

t.test('what the agent of a round writes down is what later rounds are sent', async (t) => {
  const loops = await setUpLoops(t, AGENT, TOOLS_ON)
  const { url } = loops.service()
  await loops.define('tidy', { max_iterations: 3 })
  await loops.act('tidy', 'start')
  await until('its token', () => textOf(loops.file('token')) !== '')
  const client = await connectMcp(t, url, textOf(loops.file('token')))
  for (const name of MEMORY_TOOLS) t.ok((await toolNames(client)).includes(name), name)
  const { tools } = await client.listTools()
  const size = JSON.stringify(tools).length / 4
  t.ok(size <= 2500, `${size} tokens, of about four characters`)
  t.equal(await callTool(client, 'remember', { text: '# the parser is done' }), '{"bytes":21}')
  t.equal(await callTool(client, 'note', { text: '# look at the lexer\n' }), '{"bytes":20}')
  t.match(await callTool(client, 'remember', { text: `# ${'x'.repeat(19_000)}` }), /bytes/)
  t.match(await callTool(client, 'remember', { text: `# ${'y'.repeat(19_900)}` }), /bytes/)
  t.match(
    await callTool(client, 'remember', { text: `# ${'z'.repeat(19_900)}` }),
    /"warning":"it has \d+ of at most/,
  )
  t.match(
    await callTool(client, 'remember', { text: `# ${'a'.repeat(19_900)}` }),
    /^error: LOOPER_LOOP_MEMORY_TOO_LARGE/,
  )
  for (const letter of ['y'.repeat(19_900), 'z'.repeat(19_900), 'x'.repeat(19_000)])
    await callTool(client, 'forget', { text: `# ${letter}` })
  t.match(await callTool(client, 'forget', { text: '# no such' }), /^error: no such line/)
  t.match(await callTool(client, 'note', { text: 'a\0b' }), /^error: /)
  t.match(await callTool(client, 'note', { text: '' }), /^error: /)

  const elsewhere = path.join(loops.dir, 'elsewhere')
  mkdirSync(elsewhere)
  const other = await loops.run(KEEPING_AGENT, { slot: 'other', workspace: elsewhere })
  t.equal(other.status, 200)
  const kept = path.join(elsewhere, 'token')
  await until('its token', () => textOf(kept) !== '')
  const ofOther = await connectMcp(t, url, textOf(kept))
  t.notOk(
    (await toolNames(ofOther)).some((name) => MEMORY_TOOLS.includes(name)),
    'who is of no loop has none',
  )
  t.match(await loops.ask('/tidy/memory'), {
    body: {
      memory: { persistent: { text: '# the parser is done\n' }, working: { text: '# look at the lexer\n' } },
    },
  })

  await loops.act('tidy', 'hint', { hint: '# go on' })
  writeFileSync(loops.file('go'), '')
  await loops.untilIs('tidy', 'ended')
  const [third, second] = (await loops.rounds('tidy')).rounds
  t.match(second?.prompt, /## Persistent Memory\n# the parser is done\n/)
  t.match(second?.prompt, /## Working Memory \(this iteration only\)\n# look at the lexer\n/)
  t.match(third?.prompt, /## Persistent Memory\n# the parser is done\n/)
  t.notMatch(third?.prompt, /Working Memory/)
  const { body } = await loops.ask('/tidy/memory/versions?memory=persistent')
  t.match(body.versions[0], { by: 'agent', text: '# the parser is done\n' })
})

t.test('whose round is over writes nothing', async (t) => {
  const { ledger, begin } = heartOf(t)
  const run = ledger.find(begin('x').runId)
  if (run === null) throw new Error('it is not on the record')
  const records = loopRecords(ledger.tablesOf(LOOP_TABLES))
  const memoryOf = () => {
    throw new Error('nobody writes')
  }
  const [remember] = memoryTools({ records, memoryOf, noteChange: memoryOf })
  const { signal } = new AbortController()
  const of = { ...run, slot: 'loop/tidy', trigger: 'loop' } as const
  t.notOk(remember?.isFor?.({ ...of, trigger: 'http' }))
  t.ok(remember?.isFor?.(of))
  const call = async () => {
    await remember?.call({ text: 'x' }, of, signal)
  }
  await t.rejects(call, /the round of this run is over/)
})
