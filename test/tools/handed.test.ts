import t from 'tap'
import { claude } from '../../src/agents/claude/claude.ts'
import { codexAgent } from '../../src/agents/codex/port.ts'
import { commandAgent } from '../../src/agents/command/command.ts'
import { opencode } from '../../src/agents/opencode/opencode.ts'

const TOOLS = { url: 'http://127.0.0.1:1/mcp', token: 'the-token' }
const TASK = {
  ...{ binary: '/b', workspace: '/w', prompt: 'go', runId: 'one', dir: '/d' },
  ...{ model: null, system: null, session: null, args: [] },
}

for (const agent of [claude, opencode, codexAgent(() => false), commandAgent('mine', { argv: ['mine'] })]) {
  t.test(`${agent.name} is told of its tools, and the token is no argument`, async (t) => {
    t.equal(agent.takesTools, true)
    const { argv, env, files } = agent.command({ ...TASK, tools: TOOLS })
    t.notOk(argv.some((word) => word.includes(TOOLS.token)))
    t.match(JSON.stringify([argv, env, files]), /http:\/\/127\.0\.0\.1:1/)
    t.match(JSON.stringify([env, files]), TOOLS.token)
    t.notMatch(JSON.stringify(agent.command(TASK)), /127\.0\.0\.1/, 'without tools nothing is said of them')
  })
}
