import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { loadLater } from '../base/load-later.ts'
import { refuse } from '../http/auth.ts'
import type { Failures } from '../http/failures.ts'
import type { Ledger } from '../record/ledger.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { RunTokens } from '../runs/run-tokens.ts'
import type { Tool } from './tool.ts'

/** Where the endpoint is. */
export const MCP_PATH = '/mcp'

/** What the route needs. */
export interface McpRouteOptions {
  tools(): readonly Tool[]
  readonly version: string
  readonly runTokens: Pick<RunTokens, 'runOf'>
  readonly ledger: Pick<Ledger, 'find'>
  readonly failures: Failures
  readonly logger: Logger
}

/**
 * `POST /mcp`: the tools of a run, for whoever shows its token, over streamable HTTP without sessions
 * (modelcontextprotocol.io/specification, "Transports"). What speaks the protocol is loaded with the first call.
 */
export const mcpRoute: FastifyPluginAsync<McpRouteOptions> = async (app, options) => {
  const { runTokens, ledger, failures, tools, version, logger } = options
  const callers = new WeakMap<FastifyRequest, RunRecord>()
  const server = loadLater([], async () => {
    const { serveTools } = await import('./serve.ts')
    return serveTools({ tools: tools(), version, logger })
  })

  app.addHook('onClose', async () => {
    if (server.isWanted()) await (await server.load()).close()
  })

  app.post(
    MCP_PATH,
    {
      // It has a description of its own, which it gives to whoever asks in its own way.
      schema: { hide: true },
      onRequest: async (request, reply) => {
        const token = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
        const runId = token === undefined ? null : runTokens.runOf(token)
        const run = runId === null ? null : ledger.find(runId)
        if (run === null) throw refuse(request, reply, failures)
        callers.set(request, run)
        request.log = request.log.child({ run_id: run.runId })
      },
    },
    async (request, reply) => {
      const run = callers.get(request)
      /* c8 ignore next: nobody comes here without */
      if (run === undefined) throw refuse(request, reply, failures)
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const { answer } = await server.load()
      return reply.send(await answer(asked(request, gone.signal), request.body, run))
    },
  )
}

/** The request as the protocol's implementation takes it; its body was read already, and its token is nobody else's business. */
function asked({ headers, url }: FastifyRequest, signal: AbortSignal): Request {
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && name !== 'authorization' && name !== 'content-length'
      ? [[name, value] as const]
      : [],
  )
  return new Request(new URL(url, 'http://localhost'), {
    method: 'POST',
    headers: new Headers(kept.map(([name, value]) => [name, value])),
    signal,
  })
}
