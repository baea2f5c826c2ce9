import { globSync } from 'node:fs'
import path from 'node:path'
import type { AgentReader } from '../agent-events.ts'
import { fieldsIn, objectOn, textIn } from '../json-value.ts'
import { readLines } from '../lines.ts'
import { findFile, hasFile } from '../session-file.ts'
import type { UsageNotes } from '../usage-notes.ts'
import { homeOf } from './home.ts'
import { answerUsage } from './usage.ts'

const sessionOf = (id: string) => `projects/*/${id}.jsonl`

/** Whether Claude Code has a session; null where it has no home. */
export const hasSession = (id: string, env: NodeJS.ProcessEnv): boolean | null =>
  hasFile(homeOf(env), sessionOf(id))

/**
 * The transcripts of a session, in which Claude Code 2.1 notes what each answer of the model used; its output tells the
 * whole of that at the end of a turn only. Those of subagents lie in a directory beside it.
 */
export const claudeNotes: UsageNotes = {
  find: (session, env) => findFile(homeOf(env), sessionOf(session)),
  beside(file) {
    const dir = file.replace(/\.jsonl$/, '')
    return globSync('subagents/**/*.jsonl', { cwd: dir }).map((name) => path.join(dir, name))
  },
  read: readTranscript,
}

function readTranscript(since: number): AgentReader {
  let last: string | null = null
  let isOwn = false
  return readLines((line) => {
    // Most lines are of something else.
    if (!line.includes('"usage"')) return []
    const { type, timestamp, message, requestRef } = objectOn(line) ?? {}
    if (type !== 'assistant') return []
    const { id, usage } = fieldsIn(message)
    // What follows the first own line is own, whatever the clock says.
    isOwn ||= Date.parse(textIn(timestamp) ?? '') >= since
    // An answer has a line for each of its parts, each with the usage of the whole.
    const answer = `${textIn(requestRef)} ${textIn(id)}`
    if (!isOwn || answer === last) return []
    last = answer
    return answerUsage(usage)
  })
}
