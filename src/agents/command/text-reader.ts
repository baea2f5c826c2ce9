import type { AgentEvent, AgentReader } from '../agent-events.ts'
import { finalError } from '../error-kind.ts'
import { amountIn, countIn } from '../json-value.ts'
import { lastLines } from '../last-lines.ts'
import { readLines } from '../lines.ts'
import { sessionOnce } from '../session-once.ts'
import { textEvent } from '../text-event.ts'
import { usageOf } from '../tokens.ts'
import { LOOKED_AT, patternOf } from './pattern.ts'
import { isCommandSession } from './session.ts'
import type { CommandPatterns, CommandSettings } from './settings.ts'

/** Lines that we write into a run's log around what the agent writes. */
const OWN_LINE = /^# (?:looper_request_id|workspace|command|codex_exec_return_code)=/

type Groups = Readonly<Record<string, string | undefined>>

/** Reads an agent's lines for people with the owner's patterns. @throws {RangeError} of a pattern */
export function readText({ patterns = {}, usage_of: of = 'step' }: CommandSettings): () => AgentReader {
  const compiled = compile(patterns)
  return () => {
    const session = sessionOnce(isCommandSession)
    const answer = lastLines()
    return readLines(
      (line) => {
        if (OWN_LINE.test(line)) return []
        const looked = line.slice(0, LOOKED_AT)
        const id = groupOf(compiled.session, line, looked)
        if (id !== null) return session(id)
        const groups = compiled.usage?.exec(looked)?.groups
        if (groups !== undefined) return usageIn(groups, of)
        const error = groupOf(compiled.error, line, looked)
        if (error !== null) return [finalError(error)]
        if (compiled.text === null) answer.line(line)
        return textEvent(groupOf(compiled.text, line, looked))
      },
      () => textEvent(answer.text()),
    )
  }
}

function compile({ session, text, usage, error }: CommandPatterns) {
  const one = (name: string, source: string | undefined) =>
    source === undefined ? null : patternOf(source, name)
  return {
    session: one('session', session),
    text: one('text', text),
    usage: one('usage', usage),
    error: one('error', error),
  }
}

/** The first group, else the whole match; where it reaches the end of what is looked at, the rest of the line is its, too. */
function groupOf(pattern: RegExp | null, line: string, looked: string): string | null {
  const found = pattern?.exec(looked)
  if (!found) return null
  const group = found[1] === undefined ? 0 : 1
  const end = found.indices?.[group]?.[1]
  return String(found[group]) + (end === looked.length ? line.slice(end) : '')
}

function usageIn(groups: Groups, of: 'step' | 'session'): AgentEvent[] {
  const number = (text: string | undefined) => Number(text?.replaceAll(',', '') || Number.NaN)
  const count = (text: string | undefined) => countIn(number(text))
  const [input, cached, output] = [count(groups.input), count(groups.cached), count(groups.output)]
  return usageOf({ of, input, cached, output, costUsd: amountIn(number(groups.cost)) })
}
