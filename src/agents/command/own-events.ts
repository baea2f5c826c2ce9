import type { AgentEvent, AgentReader } from '../agent-events.ts'
import { finalError, retryError } from '../error-kind.ts'
import { amountIn, countIn, type Fields, objectOn, textIn, timeIn } from '../json-value.ts'
import { readLines } from '../lines.ts'
import { openTools } from '../open-tools.ts'
import { sessionOnce } from '../session-once.ts'
import { textEvent } from '../text-event.ts'
import { usageOf } from '../tokens.ts'
import { isCommandSession } from './session.ts'

/**
 * Reads a program that speaks our own events, a JSON object on each line: `{"kind":"session","id"}`, `{"kind":"text","text"}`,
 * `{"kind":"tool","id","name","input","output","state":"started"|"done"|"failed"}`,
 * `{"kind":"usage","of":"step"|"session","input","cached","output","cost_usd"}`, `{"kind":"turn"}`,
 * `{"kind":"error","text","status","retrying","until"}`. Other lines, kinds and fields are passed over.
 */
export function readOwnEvents(): AgentReader {
  const session = sessionOnce(isCommandSession)
  const tools = openTools()

  return readLines((line) => {
    const event = objectOn(line)
    switch (event?.kind) {
      case 'session':
        return session(textIn(event.id))
      case 'text':
        return textEvent(textIn(event.text))
      case 'tool':
        return [toolOf(event)]
      case 'usage':
        return usageIn(event)
      case 'turn':
        return [{ kind: 'turn' }]
      case 'error':
        return [errorIn(event)]
      default:
        return []
    }
  })

  function toolOf({ id, name, input, output, state }: Fields): AgentEvent {
    const known = textIn(id) ?? ''
    if (state === 'started') return tools.started(known, textIn(name) ?? '', textIn(input))
    return tools.ended(known, textIn(output), state === 'failed')
  }
}

const usageIn = ({ of, input, cached, output, cost_usd }: Fields): AgentEvent[] =>
  usageOf({
    of: of === 'session' ? 'session' : 'step',
    input: countIn(input),
    cached: countIn(cached),
    output: countIn(output),
    costUsd: amountIn(cost_usd),
  })

function errorIn({ text, status, retrying, until }: Fields): AgentEvent {
  const words = textIn(text) ?? 'error'
  if (retrying === true) return retryError(words, amountIn(status))
  return finalError(words, amountIn(status), timeIn(until))
}
