import { mkdirSync, writeFileSync } from 'node:fs'
import { opencode } from '../src/agents/opencode/opencode.ts'
import { startLoopbackChat } from '../test/fixtures/loopback-chat.ts'
import { installed } from './installed.ts'
import { testReal } from './real-cases.ts'

testReal({
  version: '1.18.33',
  noLogin: null,
  unknownSession: 'ses_0000000000000000000000000',
  options: ['--format', '--dir', '--model', '--session'],
  async start(t) {
    const server = await startLoopbackChat()
    t.teardown(() => server.close())
    const dir = t.testdir({ home: {}, repo: {} })
    mkdirSync(`${dir}/repo/.git`)
    const loopback = {
      npm: '@ai-sdk/openai-compatible',
      options: { baseURL: `${server.url}/v1`, apiKey: 'loopback' },
      models: { one: { cost: { input: 1, output: 1 } } },
    }
    const config = { provider: { loopback }, model: 'loopback/one', small_model: 'loopback/one' }
    writeFileSync(`${dir}/opencode.json`, JSON.stringify(config))
    writeFileSync(`${dir}/models.json`, '{}')
    const env = {
      PATH: process.env.PATH,
      HOME: `${dir}/home`,
      OPENCODE_CONFIG: `${dir}/opencode.json`,
      OPENCODE_MODELS_PATH: `${dir}/models.json`,
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    }
    const workspace = `${dir}/repo`
    const real = { agent: opencode, binary: installed('opencode'), env, workspace, model: 'loopback/one' }
    return { real, asked: () => server.asked.map(({ body }) => JSON.stringify(body)) }
  },
})
