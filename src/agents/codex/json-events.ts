import type { AgentEvent, AgentTool } from '../agent-events.ts'
import { countIn, type Fields, fieldsIn, jsonOf, textIn, textsIn } from '../json-value.ts'
import { toolCall } from '../open-tools.ts'
import { isUuid } from '../session-file.ts'
import { sessionOnce } from '../session-once.ts'
import { textEvent } from '../text-event.ts'
import { sumOf, usageOf } from '../tokens.ts'
import { errorsOnce } from './errors.ts'

/** What the events of `codex exec --json` 0.169 say. Items of the type "error" are warnings. */
export function codexEvents(): (event: Fields) => AgentEvent[] {
  const session = sessionOnce(isUuid)
  const errorIn = errorsOnce()

  return (event) => {
    switch (event.type) {
      case 'thread.started':
        return session(textIn(event.thread_id))
      case 'turn.started':
        return [{ kind: 'turn' }]
      case 'turn.completed':
        return usageIn(fieldsIn(event.usage))
      case 'turn.failed':
        return errorIn(textIn(fieldsIn(event.error).message))
      case 'error':
        return errorIn(textIn(event.message))
      case 'item.started':
        return toolIn(fieldsIn(event.item), 'started')
      case 'item.completed':
        return itemIn(fieldsIn(event.item))
      default:
        return []
    }
  }
}

function itemIn(item: Fields): AgentEvent[] {
  const text = item.type === 'agent_message' ? textIn(item.text) : null
  if (text !== null) return textEvent(text)
  return toolIn(item, item.status === 'completed' ? 'done' : 'failed')
}

/** The usage of the whole thread, its earlier runs included; cached tokens are part of the input. */
function usageIn(usage: Fields): AgentEvent[] {
  const input = countIn(usage.input_tokens)
  const cached = countIn(usage.cached_input_tokens)
  const fresh = sumOf([input, cached === null ? null : -cached])
  return usageOf({
    of: 'session',
    input: fresh,
    cached,
    output: countIn(usage.output_tokens),
    costUsd: null,
  })
}

function toolIn(item: Fields, state: AgentTool['state']): AgentEvent[] {
  const call = callIn(item)
  return call === null ? [] : [toolCall({ id: textIn(item.id) ?? '', ...call, state })]
}

function callIn(item: Fields): Pick<AgentTool, 'name' | 'input' | 'output'> | null {
  switch (item.type) {
    case 'command_execution':
      return { name: 'exec', input: textIn(item.command), output: textIn(item.aggregated_output) || null }
    case 'mcp_tool_call':
      return {
        name: `${textIn(item.server)}.${textIn(item.tool)}`,
        input: jsonOf(item.arguments),
        output: textIn(fieldsIn(item.error).message) ?? textsIn(fieldsIn(item.result).content),
      }
    case 'file_change':
      return { name: 'apply_patch', input: jsonOf(item.changes), output: null }
    case 'web_search':
      return { name: 'web_search', input: textIn(item.query), output: null }
    default:
      return null
  }
}
