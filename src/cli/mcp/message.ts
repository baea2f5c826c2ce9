import { fieldsIn, textIn } from '../../agents/json-value.ts'

/** A message of JSON-RPC 2.0, as far as whoever passes it on looks at it. */
export interface Message {
  readonly all: object
  /** Undefined: nobody waits for an answer. */
  readonly id: string | number | undefined
  /** Null: it is an answer. */
  readonly method: string | null
  /** What the request says it is about, where it names one tool. */
  readonly name: string | null
  /** The version of the protocol that it names by itself, as requests do since 2026. */
  readonly version: string | null
  /** The request that is not wanted any more. */
  readonly cancels: string | number | undefined
}

const VERSION = 'io.modelcontextprotocol/protocolVersion'

/** The message in a line; null: there is none. Lists of messages are none, as current clients send none. */
export function messageIn(line: string): Message | null {
  const all = parsed(line)
  if (typeof all !== 'object' || all === null || Array.isArray(all)) return null
  const { id, method: given, params: args } = fieldsIn(all)
  const method = textIn(given)
  const params = fieldsIn(args)
  return {
    all,
    id: idIn(id),
    method,
    name: method === 'tools/call' ? textIn(params.name) : null,
    version: textIn(fieldsIn(params._meta)[VERSION]),
    cancels: method === 'notifications/cancelled' ? idIn(params.requestId) : undefined,
  }
}

/** A failure, told to whoever sent that request; null where it is not known which. */
export const failureOf = (id: string | number | null, code: number, message: string) => ({
  jsonrpc: '2.0',
  id,
  error: { code, message },
})

const idIn = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? value : undefined)

/** What a text is as JSON; undefined where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
