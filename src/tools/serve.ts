import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import type { Logger } from 'pino'
import { LooperError, messageOf } from '../base/errors.ts'
import { includes } from '../http/tokens.ts'
import type { PersonTool, Tool } from './tool.ts'
import type { Who } from './who.ts'

/** What speaks the protocol. */
export interface ServedTools {
  /** Answers one request of somebody. @param body as JSON */
  answer(request: Request, body: unknown, who: Who): Promise<Response>
  close(): Promise<void>
}

/** What it takes. */
export interface ServeOptions {
  /** Those of the agents in runs. */
  readonly tools: readonly Tool[]
  /** Those of persons' own agents. */
  readonly personTools: readonly PersonTool[]
  readonly version: string
  readonly logger: Logger
}

/** A tool as one caller has it. */
interface Offered {
  readonly name: string
  readonly config: ReturnType<typeof configOf>
  call(args: unknown, signal: AbortSignal): Promise<string | Readonly<Record<string, unknown>>>
}

/** A comment this often keeps a call open that waits: some agents cut one off that is silent for a minute. */
const KEEP_ALIVE_MS = 15_000

/**
 * Serves tools over MCP, each request by itself, in the current form of the protocol and in those before it. Nobody is
 * shown a tool that its token may not use.
 */
export function serveTools({ tools, personTools, version, logger }: ServeOptions): ServedTools {
  const callers = new WeakMap<Request, Who>()
  // Schemas are compiled once, and not with each request.
  const ofRuns = tools.map((tool) => ({ tool, config: configOf(tool) }))
  const ofPersons = personTools.map((tool) => ({ tool, config: configOf(tool) }))

  function offeredTo(who: Who): readonly Offered[] {
    switch (who.kind) {
      case 'run':
        return ofRuns
          .filter(({ tool }) => tool.isFor?.(who.run) ?? true)
          .map(({ tool, config }) => ({
            name: tool.name,
            config,
            call: (args, signal) => tool.call(args, who.run, signal),
          }))
      case 'person':
        return ofPersons
          .filter(({ tool }) => who.caller === null || includes(who.caller.scope, tool.scope))
          .map(({ tool, config }) => ({
            name: tool.name,
            config,
            call: (args, signal) => tool.call(args, who.caller, signal),
          }))
    }
  }

  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const who = requestInfo && callers.get(requestInfo)
      /* c8 ignore next: every request has one */
      if (!who) throw new Error('a request of nobody')
      const server = new McpServer({ name: 'looper', version })
      const log = logger.child(who.kind === 'run' ? { run_id: who.run.runId } : { caller: who.caller?.name })
      for (const one of offeredTo(who)) register(server, one, log, requestInfo.signal)
      return server
    },
    { keepAliveMs: KEEP_ALIVE_MS, onerror: (error) => logger.debug({ error: messageOf(error) }, 'mcp.fail') },
  )
  return {
    answer(request, parsedBody, who) {
      callers.set(request, who)
      return handler.fetch(request, { parsedBody })
    },
    close: () => handler.close(),
  }
}

/** A tool as the protocol tells of it. */
const configOf = ({
  description,
  input,
  isReadOnly,
}: Pick<Tool, 'description' | 'input' | 'isReadOnly'>) => ({
  description,
  inputSchema: fromJsonSchema(JSON.parse(JSON.stringify(input))),
  annotations: { readOnlyHint: isReadOnly },
})

/** @param gone aborted when the caller has gone before it was answered: that of the protocol also says that it was */
function register(
  server: McpServer,
  { name, config, call }: Offered,
  logger: Logger,
  gone: AbortSignal,
): void {
  server.registerTool(name, config, async (args) => {
    const log = logger.child({ tool: name })
    try {
      const result = await call(args, gone)
      log.info('tool.done')
      const text = typeof result === 'string' ? result : JSON.stringify(result)
      return { content: [{ type: 'text', text }] }
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'tool.fail')
      const text = error instanceof LooperError ? `${error.code}: ${error.message}` : messageOf(error)
      return { content: [{ type: 'text', text }], isError: true }
    }
  })
}
