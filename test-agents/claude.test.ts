import { mkdirSync } from 'node:fs'
import { claude } from '../src/agents/claude/claude.ts'
import { startLoopbackMessages } from '../test/fixtures/loopback-messages.ts'
import { installed } from './installed.ts'
import { testReal } from './real-cases.ts'

testReal({
  version: '2.1.332',
  noLogin: { ANTHROPIC_API_KEY: '', ANTHROPIC_BASE_URL: '' },
  unknownSession: '00000000-0000-4000-8000-000000000000',
  options: [
    '--output-format',
    '--verbose',
    '--allowed-tools',
    '--permission-mode',
    '--permission-prompts',
    '--resume',
  ],
  async start(t) {
    const server = await startLoopbackMessages()
    t.teardown(() => server.close())
    const dir = t.testdir({ home: {}, repo: {} })
    mkdirSync(`${dir}/repo/.git`)
    const env = {
      PATH: process.env.PATH,
      HOME: `${dir}/home`,
      ANTHROPIC_BASE_URL: server.url,
      ANTHROPIC_API_KEY: 'loopback',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      CLAUDE_CODE_MAX_RETRIES: '1',
    }
    const real = { agent: claude, binary: installed('claude'), env, workspace: `${dir}/repo`, model: null }
    return { real, asked: () => server.asked.map(({ body }) => JSON.stringify(body)) }
  },
})
