import { messageOf } from '../../base/errors.ts'
import type { LocalContext } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { isInRun, ownService } from '../own-run/service.ts'
import { findService, type ServiceAddress } from '../service-address.ts'
import { inputLines } from './input-lines.ts'
import { failureOf, type Message, messageIn } from './message.ts'
import { openRelay } from './relay.ts'

/** JSON-RPC 2.0, 5.1; and the first of those that a server may give a meaning. */
const CODES = { parse: -32_700, invalid: -32_600, unreachable: -32_000 } as const

/** So long answers are waited for when nothing more is asked. */
const LAST_ANSWERS_MS = 2000

/**
 * `looper mcp`: the tools of the service for clients that know stdio alone. Stdout is the protocol's, a message a line; what
 * the service does not answer is answered here, with what to do. It ends with stdin, and what is answered a moment later.
 */
export async function bridge(context: LocalContext): Promise<number> {
  const { world, screen } = context
  const { env, dotEnv } = world
  const relay = openRelay(addressOf(context), { ...dotEnv, ...env })
  const open = new Map<string | number, AbortController>()
  const ended = new AbortController()
  const over = AbortSignal.any([ended.signal, world.interrupted])
  const working = new Set<Promise<void>>()

  for await (const line of inputLines(world.stdin)) {
    if (line?.trim() === '') continue
    const message = line === null ? null : messageIn(line)
    if (message === null) {
      const [code, what] =
        line === null ? [CODES.invalid, 'it is too long'] : [CODES.parse, 'it is no message']
      await screen.json(failureOf(null, code, `the line was left out: ${what}`))
      continue
    }
    if (message.cancels !== undefined) {
      // Who goes away is heard by the service: that ends the call there, too.
      open.get(message.cancels)?.abort()
      continue
    }
    const work = passOn(message).finally(() => working.delete(work))
    working.add(work)
  }
  // Whoever sent its lines through a pipe still wants the answers.
  const answered = Promise.all(working)
  await Promise.race([answered, world.clock.sleep(LAST_ANSWERS_MS, over).catch(() => undefined)])
  ended.abort()
  await answered
  return EXIT.ok

  async function passOn(message: Message): Promise<void> {
    const { id = null, method } = message
    const isRequest = id !== null && method !== null
    const cancelled = new AbortController()
    if (id !== null) open.set(id, cancelled)
    const signal = AbortSignal.any([over, cancelled.signal])
    try {
      let isAnswered = false
      for await (const answer of relay.send(message, signal)) {
        isAnswered ||= Reflect.get(answer, 'id') === id
        await screen.json(answer)
      }
      if (isRequest && !isAnswered)
        throw new Error('the service ended the call without an answer; call again')
    } catch (error) {
      if (signal.aborted) return
      const text = wordsOf(error)
      if (isRequest) await screen.json(failureOf(id, CODES.unreachable, text))
      else screen.tell(`looper: ${text}`)
    } finally {
      if (id !== null) open.delete(id)
    }
  }
}

/**
 * Inside a run only its own token counts: a project may name this command for its people, and an agent that Looper runs there
 * is none of them.
 * @throws {Failure} inside a run without tools
 */
function addressOf(context: LocalContext): ServiceAddress {
  const { env, dotEnv } = context.world
  return isInRun(env) ? ownService(context, 'looper mcp') : findService(context.options.url, env, dotEnv)
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Failure)) return messageOf(error)
  const code: unknown = Reflect.get(error.answer, 'code')
  const text = typeof code === 'string' ? `${code}: ${error.message}` : error.message
  return error.remedy === null ? text : `${text}. ${error.remedy}`
}
