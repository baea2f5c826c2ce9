import type { FastifyPluginAsync, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Logger } from 'pino'
import { loadLater } from '../base/load-later.ts'
import { refusal, shownTokens } from '../http/auth.ts'
import type { Failures } from '../http/failures.ts'
import type { TokenCheck } from '../http/tokens.ts'
import type { Runs } from '../runs/runs.ts'
import type { PersonTool, Tool } from './tool.ts'
import { type Who, type WhoDeps, whoAsks } from './who.ts'

/** Where the endpoint is. */
export const MCP_PATH = '/mcp'

/** What the route needs. */
export interface McpRouteOptions extends WhoDeps {
  tools(): readonly Tool[]
  personTools(): readonly PersonTool[]
  readonly version: string
  readonly tokens: TokenCheck | null
  readonly failures: Failures
  readonly logger: Logger
  readonly runs: Pick<Runs, 'adopted'>
  /** Keeps the connection of who is known. */
  readonly hold: onRequestHookHandler
}

/**
 * `POST /mcp`: the tools of a run for whoever shows its token, and those of persons for whoever the service's own tokens let in,
 * over streamable HTTP without sessions (modelcontextprotocol.io/specification, "Transports"). What speaks the protocol is
 * loaded with the first call.
 */
export const mcpRoute: FastifyPluginAsync<McpRouteOptions> = async (app, options) => {
  const { tokens, failures, tools, personTools, version, logger, hold, runs } = options
  const callers = new WeakMap<FastifyRequest, Who>()
  const server = loadLater([], async () => {
    const { serveTools } = await import('./serve.ts')
    return serveTools({ tools: tools(), personTools: personTools(), version, logger })
  })

  app.addHook('onClose', async () => {
    if (server.isWanted()) await (await server.load()).close()
  })
  app.addHook('onRequest', async (request, reply) => {
    let who = whoAsks(request, options)
    if (who === null && shownTokens(request).length > 0) {
      // It may be that of a run that an earlier life of the service left.
      await runs.adopted()
      who = whoAsks(request, options)
    }
    if (who === null) throw refusal(request, reply, tokens, failures)
    callers.set(request, who)
    if (who.kind === 'person') request.caller = who.caller
    const name = who.kind === 'run' ? { run_id: who.run.runId } : { caller: who.caller?.name }
    request.log = request.log.child(name)
  })
  app.addHook('onRequest', hold)

  app.post(
    MCP_PATH,
    // It has a description of its own, which it gives to whoever asks in its own way.
    { schema: { hide: true } },
    async (request, reply) => {
      const who = callers.get(request)
      /* c8 ignore next: nobody comes here without */
      if (who === undefined) throw refusal(request, reply, tokens, failures)
      const gone = new AbortController()
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) gone.abort()
      })
      const { answer } = await server.load()
      return reply.send(await answer(asked(request, gone.signal), request.body, who))
    },
  )
}

/** What says who asks is nobody else's business; the body was read already. */
const LEFT_OUT: ReadonlySet<string> = new Set(['authorization', 'x-looper-token', 'content-length'])

/** The request as the protocol's implementation takes it. */
function asked({ headers, url }: FastifyRequest, signal: AbortSignal): Request {
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && !LEFT_OUT.has(name) ? [[name, value] as const] : [],
  )
  return new Request(new URL(url, 'http://localhost'), {
    method: 'POST',
    headers: new Headers(kept.map(([name, value]) => [name, value])),
    signal,
  })
}
