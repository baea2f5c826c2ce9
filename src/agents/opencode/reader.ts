import { stripVTControlCharacters } from 'node:util'
import type { AgentEvent, AgentReader } from '../agent-events.ts'
import { MOST } from '../bounded.ts'
import { finalError } from '../error-kind.ts'
import { amountIn, countIn, type Fields, fieldsIn, jsonOf, objectOn, textIn, timeIn } from '../json-value.ts'
import { readLines } from '../lines.ts'
import { toolCall } from '../open-tools.ts'
import { sessionOnce } from '../session-once.ts'
import { textEvent } from '../text-event.ts'
import { sumOf, usageOf } from '../tokens.ts'
import { isOpencodeSession } from './session.ts'

const SECOND_MS = 1000
/** How it says on stderr that it does not start, in colours also where there is no terminal. */
const BARE_ERROR = /^Error: (.+)$/
/** What ends a run with status 0 and without an answer, where nobody is there to be asked. */
const REJECTED = /rejected permission/

/** Reads `opencode run --format json` 1.18. */
export function readOpencode(): AgentReader {
  const session = sessionOnce(isOpencodeSession)
  return readLines((line) => {
    const event = objectOn(line)
    return event === null
      ? bareError(line)
      : [...session(textIn(event.sessionID)), ...eventsIn(event, fieldsIn(event.part))]
  })
}

function eventsIn(event: Fields, part: Fields): AgentEvent[] {
  switch (event.type) {
    case 'step_start':
      return [{ kind: 'turn' }]
    case 'text':
      return textEvent(textIn(part.text))
    case 'tool_use':
      return toolIn(part)
    case 'step_finish':
      return usageIn(part)
    case 'error':
      return [errorIn(fieldsIn(event.error), timeIn(event.timestamp))]
    default:
      return []
  }
}

/** A call is told only when it has ended. */
function toolIn({ callID, tool, state }: Fields): AgentEvent[] {
  const { status, input, output, error } = fieldsIn(state)
  const isFailed = status !== 'completed'
  const words = isFailed ? textIn(error) : textIn(output)
  const call = toolCall({
    id: textIn(callID) ?? '',
    name: textIn(tool) ?? '',
    input: jsonOf(input),
    output: words,
    state: isFailed ? 'failed' : 'done',
  })
  return isFailed && words !== null && REJECTED.test(words) ? [call, finalError(words)] : [call]
}

function usageIn({ tokens, cost }: Fields): AgentEvent[] {
  const { input, output, reasoning, cache } = fieldsIn(tokens)
  const { read, write } = fieldsIn(cache)
  return usageOf({
    of: 'step',
    input: sumOf([countIn(input), countIn(write) ?? 0]),
    cached: countIn(read),
    output: sumOf([countIn(output), countIn(reasoning) ?? 0]),
    // A model without a price costs 0, and so does a free one.
    costUsd: amountIn(cost) || null,
  })
}

function errorIn({ name, data }: Fields, at: number | null): AgentEvent {
  const { message, statusCode, responseHeaders } = fieldsIn(data)
  const seconds = Number(textIn(fieldsIn(responseHeaders)['retry-after']) ?? Number.NaN)
  const until = at !== null && seconds > 0 ? at + seconds * SECOND_MS : null
  return finalError(textIn(message) ?? textIn(name) ?? 'error', amountIn(statusCode), until)
}

function bareError(line: string): AgentEvent[] {
  const words = BARE_ERROR.exec(stripVTControlCharacters(line.slice(0, MOST.error)))?.[1]
  return words === undefined ? [] : [finalError(words)]
}
