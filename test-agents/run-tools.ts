import fastify from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import type { ToolsAccess } from '../src/agents/agent-core.ts'
import { Type } from '../src/base/schema.ts'
import { createRunTokens } from '../src/runs/run-tokens.ts'
import { MCP_PATH, mcpRoute } from '../src/tools/mcp-route.ts'
import { tool } from '../src/tools/tool.ts'
import { heartOf } from '../test/helpers/heart.ts'

/** The tools of one run, and what its agent said through them. */
export interface RunTools {
  readonly access: ToolsAccess
  readonly told: readonly string[]
}

/** Serves a tool, as the service does it, for one run. */
export async function serveRunTools(t: Test): Promise<RunTools> {
  const told: string[] = []
  const tell = tool({
    name: 'tell',
    description: 'Tell people something.',
    input: Type.Object({ message: Type.String() }, { additionalProperties: false }),
    isReadOnly: false,
    async call({ message }) {
      told.push(message)
      return 'Told.'
    },
  })
  const heart = heartOf(t)
  const { runId } = heart.begin('true')
  const runTokens = createRunTokens()
  const app = fastify()
  await app.register(mcpRoute, {
    tools: () => [tell],
    personTools: () => [],
    version: '1.0.0',
    runTokens,
    runs: { adopted: async () => undefined },
    tokens: null,
    hold: (_request, _reply, done) => done(),
    ledger: heart.ledger,
    failures: { count: () => null },
    logger: pino({ level: 'silent' }),
  })
  t.teardown(() => app.close())
  runTokens.offer((await app.listen({ port: 0, host: '127.0.0.1' })) + MCP_PATH)
  const made = runTokens.make(runId)
  if (made === null) throw new Error('nothing is offered')
  return { access: made.access, told }
}
