import { stripVTControlCharacters } from 'node:util'
import type { Redact } from '../../logging/redact.ts'
import { withoutMentions } from '../without-mentions.ts'
import { cut, pointsIn } from './code-points.ts'

const LINES = 20
const LINE_POINTS = 200
/** The end of a log that is longer than this may begin in the middle of a line, and of a secret. */
const SURELY_WHOLE = 4000
/** `text`, and the newlines. */
const AROUND_POINTS = 10

/**
 * The last lines of an output as a code block of Zulip's, at most so many code points long: without secrets, escape
 * sequences and control characters, and with a fence that no line closes. Nothing where there is no room or no output.
 */
export function lastLines(output: string, redact: Redact, points: number): string {
  const clean = redact(stripVTControlCharacters(output).split('\n').map(shown).join('\n')).split('\n')
  const whole = output.length > SURELY_WHOLE ? clean.slice(1) : clean
  const lines = whole.slice(-LINES).map((line) => cut(withoutMentions(line), LINE_POINTS))
  const longest = lines.map((line) => /^ *(`{3,})/.exec(line)?.[1]?.length ?? 0)
  const fence = '`'.repeat(Math.max(2, ...longest) + 1)

  let room = points - AROUND_POINTS - 2 * fence.length
  const first = lines.findLastIndex((line) => {
    room -= pointsIn(line) + 1
    return room < 0
  })
  const kept = lines.slice(first + 1)
  return kept.join('').trim() === '' ? '' : `\n${fence}text\n${kept.join('\n')}\n${fence}`
}

/** What a terminal would have left of a line: a progress bar goes back to its beginning. */
function shown(line: string): string {
  const last = line.trimEnd()
  return last.slice(last.lastIndexOf('\r') + 1).replace(/[^\P{Cc}\t]/gu, '')
}
