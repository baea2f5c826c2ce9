import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'
import type { Logger } from 'pino'
import { LooperError, messageOf } from '../base/errors.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Tool } from './tool.ts'

/** What speaks the protocol. */
export interface ServedTools {
  /** Answers one request for one run. @param body as JSON */
  answer(request: Request, body: unknown, run: RunRecord): Promise<Response>
  close(): Promise<void>
}

/** What it takes. */
export interface ServeOptions {
  readonly tools: readonly Tool[]
  readonly version: string
  readonly logger: Logger
}

/** A comment this often keeps a call open that waits: some agents cut one off that is silent for a minute. */
const KEEP_ALIVE_MS = 15_000

/** Serves tools over MCP, each request by itself, in the current form of the protocol and in those before it. */
export function serveTools({ tools, version, logger }: ServeOptions): ServedTools {
  const callers = new WeakMap<Request, RunRecord>()
  // Schemas are compiled once, and not with each request.
  const described = tools.map((tool) => ({ tool, config: configOf(tool) }))
  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const run = requestInfo && callers.get(requestInfo)
      /* c8 ignore next: every request has one */
      if (!run) throw new Error('a request of nobody')
      const server = new McpServer({ name: 'looper', version })
      for (const { tool, config } of described) register(server, tool, config, run, logger)
      return server
    },
    { keepAliveMs: KEEP_ALIVE_MS, onerror: (error) => logger.debug({ error: messageOf(error) }, 'mcp.fail') },
  )
  return {
    answer(request, parsedBody, run) {
      callers.set(request, run)
      return handler.fetch(request, { parsedBody })
    },
    close: () => handler.close(),
  }
}

/** A tool as the protocol tells of it. */
const configOf = ({ description, input, isReadOnly }: Tool) => ({
  description,
  inputSchema: fromJsonSchema(JSON.parse(JSON.stringify(input))),
  annotations: { readOnlyHint: isReadOnly },
})

function register(
  server: McpServer,
  tool: Tool,
  config: ReturnType<typeof configOf>,
  run: RunRecord,
  logger: Logger,
): void {
  const { name } = tool
  server.registerTool(name, config, async (args, { mcpReq }) => {
    const log = logger.child({ run_id: run.runId, tool: name })
    try {
      const result = await tool.call(args, run, mcpReq.signal)
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
