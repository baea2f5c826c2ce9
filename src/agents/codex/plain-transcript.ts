import type { AgentEvent } from '../agent-events.ts'
import { isUuid } from '../session-file.ts'
import { sessionOnce } from '../session-once.ts'
import { textEvent } from '../text-event.ts'
import { errorsOnce } from './errors.ts'
import { plainAnswer } from './plain-answer.ts'
import { plainCall } from './plain-call.ts'
import { plainMcp } from './plain-mcp.ts'

const TOKENS = 'tokens used'
/** Lines that begin a part, alone on theirs. */
const HEADINGS: ReadonlySet<string> = new Set([
  'user',
  'codex',
  'thinking',
  'exec',
  'apply patch',
  TOKENS,
  'context compacted',
])
/** Parts of one line. */
const REMARK = /^(?:warning|deprecated|hook|collab|mcp|web search): /
const ERROR = /^ERROR: (.+)$/
/** Nothing of a tool call comes behind these. */
const END = /^turn interrupted$|^# codex_exec_return_code=(?:-?\d+|unknown)$/

/** Reads the transcript that `codex exec` 0.169 writes for people, line by line, behind the line with its version. */
export interface PlainTranscript {
  line(line: string): AgentEvent[]
  end(): AgentEvent[]
}

/**
 * Nothing in the transcript sets the words of codex apart from what a prompt, a tool or the model puts there: a tool that prints
 * a line "codex" is taken for the model. The final answer is not to be mistaken: it stands there twice ({@link plainAnswer}).
 */
export function plainTranscript(): PlainTranscript {
  const session = sessionOnce(isUuid)
  const answer = plainAnswer()
  const call = plainCall()
  const mcp = plainMcp()
  const errorIn = errorsOnce()
  let part: string | null = null
  let text: string[] = []
  let last: string | null = null
  let isBlank = false

  return {
    line(line) {
      answer.line(line)
      const events = read(line)
      isBlank = line === ''
      return events
    },
    end() {
      const events = leave()
      return [...events, ...say(answer.end())]
    },
  }

  function read(line: string): AgentEvent[] {
    // The settings come before the prompt.
    if (part === null && line !== 'user') return session(/^session id: (\S+)$/.exec(line)?.[1] ?? null)
    if (END.test(line)) return enter('')
    // An answer may have a line "exec", behind which no command ends.
    if (call.isInCommand() && line !== TOKENS) return call.line(line)
    const remote = mcp(line)
    if (remote !== null) return [...enter(''), ...remote]
    if (HEADINGS.has(line)) return enter(line)
    if (REMARK.test(line) && !call.isOpen()) return enter('')
    const error = ERROR.exec(line)?.[1]
    // What a tool prints may look like an error, but an empty line ends what it prints.
    if (error !== undefined && (isBlank || !call.isOpen())) return [...enter(''), ...errorIn(error)]
    if (part === TOKENS) return tokens(line)
    if (part === 'codex') text.push(line)
    return call.line(line)
  }

  function enter(heading: string): AgentEvent[] {
    // There is one turn; a line "user" in the prompt is none.
    const events: AgentEvent[] = part === null ? [{ kind: 'turn' }] : leave()
    part = heading
    if (heading === 'exec') call.begin('exec')
    if (heading === 'apply patch') call.begin('apply_patch')
    return events
  }

  function leave(): AgentEvent[] {
    const said = text.join('\n').trim()
    text = []
    return [...call.end(), ...say(said)]
  }

  function say(words: string): AgentEvent[] {
    if (words === '' || words === last) return []
    last = words
    return textEvent(words)
  }

  /** The session's fresh input and output in one number; the answer follows it. */
  function tokens(line: string): AgentEvent[] {
    part = ''
    if (!/^\d{1,3}(?:,\d{3}){0,5}$/.test(line)) return []
    const total = Number(line.replaceAll(',', ''))
    answer.begin()
    return [{ kind: 'usage', of: 'session', input: null, cached: null, output: null, total, costUsd: null }]
  }
}
