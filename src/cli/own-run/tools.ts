import { fieldsIn, textIn } from '../../agents/json-value.ts'
import type { LocalContext } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { openRelay } from '../mcp/relay.ts'
import { ownService } from './service.ts'

/** The tools of the run that this is a process of. */
export interface OwnTools {
  /** What a tool answers. @throws {Failure} where it refuses, in its own words, or the service cannot be reached */
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<string>
}

const NOT_KNOWN = new Failure(
  EXIT.unauthorized,
  'the service does not know the token of this run',
  'A token is good while its run lives. If Looper has just begun, try again in a moment.',
)

/** Calls the tools as a client of the protocol would, each by itself. @throws {Failure} as {@link ownService} */
export function ownTools(context: LocalContext): OwnTools {
  const { env, dotEnv, interrupted } = context.world
  const relay = openRelay(ownService(context, `looper ${context.command}`), { ...dotEnv, ...env })

  return {
    async call(name, args) {
      const params = { name, arguments: args }
      const all = { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
      const message = { all, id: 1, method: 'tools/call', name, version: null, cancels: undefined }
      try {
        for await (const answer of relay.send(message, interrupted)) {
          const { id, result, error } = fieldsIn(answer)
          if (id === 1) return resultOf(result, error)
        }
      } catch (failure) {
        throw failure instanceof Failure && failure.exit === EXIT.unauthorized ? NOT_KNOWN : failure
      }
      throw new Failure(EXIT.unreachable, 'the service ended the call without an answer', 'Call again.')
    },
  }
}

function resultOf(result: unknown, error: unknown): string {
  const { content, isError } = fieldsIn(result)
  const parts = Array.isArray(content) ? content : []
  const text = parts.map((part) => textIn(fieldsIn(part).text) ?? '').join('')
  if (parts.length > 0 && isError !== true) return text
  throw new Failure(EXIT.failed, parts.length > 0 ? text : (textIn(fieldsIn(error).message) ?? 'no answer'))
}
