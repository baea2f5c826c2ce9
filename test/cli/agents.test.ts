import { once } from 'node:events'
import { createServer } from 'node:http'
import t from 'tap'
import type { AgentsAnswer } from '../../src/views/agents/schemas.ts'
import { runCommand } from '../helpers/command.ts'

const CODEX: AgentsAnswer['agents'][number] = {
  name: 'codex',
  default: true,
  program: '/usr/bin/codex',
  version: '0.169.0',
  logged_in: true,
  model: 'gpt-5',
  models: ['gpt-5', 'gpt-5-mini'],
  options: ['--json'],
  can: { resume: true, system_prompt: true, model: true },
  problem: null,
}
const ANSWER: AgentsAnswer = {
  agents: [
    CODEX,
    { ...CODEX, name: 'claude', default: false, version: null, logged_in: false, model: null, models: [] },
    { ...CODEX, name: 'opencode', default: false, logged_in: null, model: null, models: [] },
    { ...CODEX, name: 'gone', default: false, program: null, problem: 'it is not installed' },
  ],
}

t.test('agents are told with their state, the default one marked', async (t) => {
  const server = createServer((_, response) => response.end(JSON.stringify(ANSWER))).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  t.match(await runCommand(['agents'], { url }), {
    status: 0,
    out: [
      'codex *      0.169.0, logged in, /usr/bin/codex',
      '             model gpt-5',
      '             gpt-5 gpt-5-mini',
      'claude       unknown version, not logged in, /usr/bin/codex',
      'opencode     0.169.0, /usr/bin/codex',
      'gone         it is not installed',
      '',
    ].join('\n'),
  })
  const { status, out } = await runCommand(['agents', '--json'], { url })
  t.equal(status, 0)
  t.same(JSON.parse(out), ANSWER)
})
