import type { AgentEvent, AgentReader } from '../agent-events.ts'
import { countIn, type Fields, fieldsIn, objectOn, textIn } from '../json-value.ts'
import { readLines } from '../lines.ts'
import { findFile, hasFile } from '../session-file.ts'
import { sumOf, usageOf } from '../tokens.ts'
import type { UsageNotes } from '../usage-notes.ts'
import { homeOf } from './home.ts'

const rolloutOf = (id: string) => `sessions/*/*/*/rollout-*-${id}.jsonl`

/** Whether codex has a session; null where it has no home. */
export const hasRollout = (id: string, env: NodeJS.ProcessEnv): boolean | null =>
  hasFile(homeOf(env), rolloutOf(id))

/** The rollout of a session, in which codex 0.169 notes what its whole thread has used, after each answer of the model. */
export const codexNotes: UsageNotes = {
  find: (session, env) => findFile(homeOf(env), rolloutOf(session)),
  read: readRollout,
}

interface Total {
  readonly input: number
  readonly cached: number
  readonly output: number
}

const NOTHING: Total = { input: 0, cached: 0, output: 0 }

function readRollout(since: number): AgentReader {
  let before = NOTHING
  let isOwn = false
  return readLines((line) => {
    // Most lines are long, and of something else.
    if (!line.includes('"token_count"')) return []
    const { timestamp, payload } = objectOn(line) ?? {}
    const total = totalIn(fieldsIn(payload))
    if (total === null) return []
    // What follows the first own line is own, whatever the clock says.
    isOwn ||= Date.parse(textIn(timestamp) ?? '') >= since
    const step = isOwn ? stepOf(total, before) : []
    before = total
    return step
  })
}

function totalIn({ type, info }: Fields): Total | null {
  if (type !== 'token_count') return null
  const used = fieldsIn(fieldsIn(info).total_token_usage)
  const [all, cached, output] = [used.input_tokens, used.cached_input_tokens, used.output_tokens].map(countIn)
  // Cached tokens are part of the input.
  const input = sumOf([all ?? null, -(cached ?? 0)])
  return input === null || output == null ? null : { input, cached: cached ?? 0, output }
}

/** Totals that shrink are those of another beginning. */
function stepOf(now: Total, before: Total): AgentEvent[] {
  const more = (part: keyof Total) => Math.max(0, now[part] - before[part])
  return usageOf({
    of: 'step',
    input: more('input'),
    cached: more('cached'),
    output: more('output'),
    costUsd: null,
  })
}
