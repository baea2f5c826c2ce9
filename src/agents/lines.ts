import type { AgentEvent, AgentReader } from './agent-events.ts'

/** A longer line is passed over, so that no output takes more memory than this. */
export const MOST_LINE_BYTES = 4_194_304
const FIRST_BYTES = 4096
const NEWLINE = 0x0a

/**
 * A reader that takes its events from whole lines, without their ends; the last one may have none. Bytes that are no UTF-8
 * become U+FFFD. A line of more than {@link MOST_LINE_BYTES} is told as an error, and reading goes on behind it.
 * @param say what a line says; @param finish what is left to say at the end
 */
export function readLines(
  say: (line: string) => AgentEvent[],
  finish: () => AgentEvent[] = () => [],
): AgentReader {
  let held = Buffer.alloc(FIRST_BYTES)
  let size = 0

  function hold(part: Uint8Array): void {
    const next = size + part.length
    if (next <= MOST_LINE_BYTES) {
      if (next > held.length) {
        const larger = Buffer.alloc(Math.min(next * 2, MOST_LINE_BYTES))
        held.copy(larger, 0, 0, size)
        held = larger
      }
      held.set(part, size)
    }
    size = next
  }

  function take(): AgentEvent[] {
    const bytes = size
    size = 0
    if (bytes > MOST_LINE_BYTES) {
      held = Buffer.alloc(FIRST_BYTES)
      const text = `A line of ${bytes} bytes is too long to be read.`
      return [{ kind: 'error', error: 'other', text, retrying: true, until: null }]
    }
    return say(held.toString('utf8', 0, bytes).replace(/\r$/, ''))
  }

  return {
    push(bytes) {
      const events: AgentEvent[] = []
      let from = 0
      for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
        hold(bytes.subarray(from, at))
        events.push(...take())
        from = at + 1
      }
      hold(bytes.subarray(from))
      return events
    },
    end: () => [...(size > 0 ? take() : []), ...finish()],
  }
}
