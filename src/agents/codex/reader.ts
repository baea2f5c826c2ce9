import type { AgentEvent, AgentReader } from '../agent-events.ts'
import { finalError } from '../error-kind.ts'
import { objectOn } from '../json-value.ts'
import { readLines } from '../lines.ts'
import { codexEvents } from './json-events.ts'
import { plainTranscript } from './plain-transcript.ts'

/** How it says that it does not start: of its own, of its arguments (clap), and of a directory; codex 0.169. */
const BARE_ERROR =
  /^(?:Error|error|ERROR): (.+)$|^(Not inside a trusted directory .*|Error loading config.*)$/

/** How its output begins, with `--json` and without. */
const EVENT = /^\{"type":"[a-z]+\.[a-z]+"/
const BANNER = /^OpenAI Codex v\d/

/** Reads `codex exec` 0.169, its events with `--json` and its transcript without: which one, its first words tell. */
export function readCodex(): AgentReader {
  const events = codexEvents()
  const plain = plainTranscript()
  let form: 'unknown' | 'events' | 'plain' = 'unknown'

  return readLines(
    (line) => {
      if (form === 'unknown' && EVENT.test(line)) form = 'events'
      if (form === 'plain') return plain.line(line)
      if (form === 'unknown' && BANNER.test(line)) form = 'plain'
      const event = form === 'events' ? objectOn(line) : null
      return event === null ? bareError(line) : events(event)
    },
    () => plain.end(),
  )
}

function bareError(line: string): AgentEvent[] {
  const found = BARE_ERROR.exec(line)
  const words = found?.[1] ?? found?.[2]
  return words === undefined ? [] : [finalError(words)]
}
