import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import { startLoopbackChat } from '../test/fixtures/loopback-chat.ts'
import { startLoopbackMessages } from '../test/fixtures/loopback-messages.ts'
import { type LoopbackModel, startLoopbackModel, writeCodexHome } from '../test/fixtures/loopback-model.ts'
import type { LoopbackServer, UsageWindow } from '../test/fixtures/loopback-server.ts'
import { findObstacles, writeCodexProgram } from '../test/fixtures/real-codex.ts'
import { installed } from './installed.ts'

/** The real agents. */
export const AGENTS = ['codex', 'claude', 'opencode'] as const
/** One of them. */
export type RealAgentName = (typeof AGENTS)[number]

/** The real agents of a service, each with its own loopback model and workspace. */
export interface LoopbackAgents {
  readonly dir: string
  readonly settings: NodeJS.ProcessEnv
  readonly model: LoopbackModel
  readonly messages: LoopbackServer
  readonly chat: LoopbackServer
  /** What the model of an agent was asked so far, in order, as JSON. */
  asked(agent: RealAgentName): readonly string[]
}

/** Starts the models, to the end of the test. @param windows those of their usage limits, in the order of {@link AGENTS} */
export async function startLoopbackAgents(
  t: Test,
  [ofCodex, ofClaude, ofOpencode]: readonly UsageWindow[] = [],
): Promise<LoopbackAgents> {
  const dir = t.testdir({ home: {}, logs: {}, ...Object.fromEntries(AGENTS.map((name) => [name, {}])) })
  for (const name of AGENTS) mkdirSync(path.join(dir, name, '.git'))
  const model = await startLoopbackModel(ofCodex)
  const messages = await startLoopbackMessages(ofClaude)
  const chat = await startLoopbackChat(ofOpencode)
  for (const server of [model, messages, chat]) t.teardown(() => server.close())

  const loopback = {
    npm: '@ai-sdk/openai-compatible',
    options: { baseURL: `${chat.url}/v1`, apiKey: 'loopback' },
    models: { one: {} },
  }
  const config = { provider: { loopback }, model: 'loopback/one', small_model: 'loopback/one' }
  writeFileSync(path.join(dir, 'opencode.json'), JSON.stringify(config))
  writeFileSync(path.join(dir, 'models.json'), '{}')
  const mode = findObstacles().toSandbox === null ? 'workspace-write' : 'danger-full-access'
  const settings = {
    HOME: path.join(dir, 'home'),
    LOOPER_MIN_FREE_MB: '0',
    LOOPER_AUTO_START_WHEN_IDLE: '0',
    CODEX_EXEC_BINARY: writeCodexProgram(path.join(dir, 'bin'), mode),
    ...(await writeCodexHome(path.join(dir, 'codex-home'), model)),
    LOOPER_CLAUDE_BINARY: installed('claude'),
    ANTHROPIC_BASE_URL: messages.url,
    CLAUDE_CODE_OAUTH_TOKEN: 'loopback',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    LOOPER_OPENCODE_BINARY: installed('opencode'),
    LOOPER_OPENCODE_MODEL: 'loopback/one',
    OPENCODE_CONFIG: path.join(dir, 'opencode.json'),
    OPENCODE_MODELS_PATH: path.join(dir, 'models.json'),
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
  }
  const texts = ({ asked }: LoopbackServer) => asked.map(({ body }) => JSON.stringify(body))
  const asked = (agent: RealAgentName) =>
    ({ codex: () => model.asked, claude: () => texts(messages), opencode: () => texts(chat) })[agent]()
  return { dir, settings, model, messages, chat, asked }
}
