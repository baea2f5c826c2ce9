import type { AgentEvent, AgentReader } from '../agent-events.ts'
import { finalError, retryError } from '../error-kind.ts'
import { amountIn, type Fields, fieldsIn, jsonOf, listIn, objectOn, textIn, textsIn } from '../json-value.ts'
import { readLines } from '../lines.ts'
import { openTools } from '../open-tools.ts'
import { isUuid } from '../session-file.ts'
import { sessionOnce } from '../session-once.ts'
import { textEvent } from '../text-event.ts'
import { backgroundWork } from './background.ts'
import { usageIn } from './usage.ts'

const SECOND_MS = 1000
/** How it says on stderr that it does not start. */
const BARE_ERROR = /^[Ee]rror: (.+)$/

/** Reads `claude -p --output-format stream-json --verbose` 2.1. */
export function readClaude(): AgentReader {
  const session = sessionOnce(isUuid)
  const tools = openTools()
  const background = backgroundWork()
  let message: string | null = null
  let text: string | null = null
  let until: number | null = null

  return readLines((line) => {
    const event = objectOn(line)
    if (event === null) return bareError(line)
    // A subagent's words are those of a tool.
    if (typeof event.parent_tool_use_id === 'string') return []
    switch (event.type) {
      case 'system':
        return system(event)
      case 'rate_limit_event':
        until = resetIn(event) ?? until
        return []
      case 'assistant':
        return assistant(event)
      case 'user':
        return listIn(fieldsIn(event.message).content).flatMap((part) => toolResult(fieldsIn(part)))
      case 'result':
        return result(event)
      default:
        return []
    }
  })

  function system(event: Fields): AgentEvent[] {
    if (event.subtype === 'init') return session(textIn(event.session_id))
    if (event.subtype === 'background_tasks_changed') return background(listIn(event.tasks))
    if (event.subtype !== 'api_retry') return []
    const status = amountIn(event.error_status)
    const words = `${textIn(event.error) ?? 'error'} (status ${status ?? 'unknown'})`
    return [retryError(`${words}, try ${amountIn(event.attempt)} of ${amountIn(event.max_retries)}`, status)]
  }

  function assistant({ message: said, is_api_error_message }: Fields): AgentEvent[] {
    // The result tells it again, as an error.
    if (is_api_error_message === true) return []
    const { id, content } = fieldsIn(said)
    // One message comes in as many events as it has parts.
    const isNew = textIn(id) !== message
    message = textIn(id)
    const events = listIn(content).flatMap((part) => partOf(fieldsIn(part)))
    return isNew ? [{ kind: 'turn' }, ...events] : events
  }

  function partOf({ type, text: words, id, name, input }: Fields): AgentEvent[] {
    if (type === 'text') return say(textIn(words))
    if (type !== 'tool_use') return []
    return [tools.started(textIn(id) ?? '', textIn(name) ?? '', jsonOf(input))]
  }

  function toolResult({ type, tool_use_id, content, is_error }: Fields): AgentEvent[] {
    return type === 'tool_result'
      ? [tools.ended(textIn(tool_use_id) ?? '', wordsIn(content), is_error === true)]
      : []
  }

  function say(words: string | null): AgentEvent[] {
    const events = textEvent(words)
    if (events.length > 0) text = words
    return events
  }

  function result(event: Fields): AgentEvent[] {
    const usage = usageIn(event)
    const words = textIn(event.result)
    // "subtype" is "success" at errors of the model's server, too.
    if (event.is_error !== true) {
      const answer = words === text ? [] : say(words)
      const isRefusal = event.stop_reason === 'refusal'
      return isRefusal ? [...answer, ...usage, refusal] : [...answer, ...usage]
    }
    const isInterrupted = textIn(event.terminal_reason)?.startsWith('aborted')
    if (isInterrupted) return [...usage, finalError('The run was interrupted.')]
    const errors = listIn(event.errors).filter((error) => typeof error === 'string')
    const cause = errors.join('; ')
    if (event.subtype === 'error_max_budget_usd')
      return [...usage, { ...finalError(cause || 'Reached the budget.'), error: 'budget' }]
    const why = words ?? (cause || textIn(event.subtype) || 'error')
    return [...usage, finalError(why, amountIn(event.api_error_status), until)]
  }
}

const refusal: AgentEvent = { ...finalError('The model refused to answer.'), error: 'refused' }

function bareError(line: string): AgentEvent[] {
  const words = BARE_ERROR.exec(line)?.[1]
  return words === undefined ? [] : [finalError(words)]
}

function resetIn({ rate_limit_info }: Fields): number | null {
  const { status, resetsAt } = fieldsIn(rate_limit_info)
  const seconds = amountIn(resetsAt)
  return status === 'rejected' && seconds !== null ? seconds * SECOND_MS : null
}

/** A tool's result is a text, or parts of which some are text. */
function wordsIn(content: unknown): string | null {
  return textIn(content) ?? textsIn(content)
}
