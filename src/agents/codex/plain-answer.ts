import { MOST } from '../bounded.ts'

const TRAILER = /^# codex_exec_return_code=/

/** Finds the final answer of a transcript: at its end it comes again, on stdout, behind the number of tokens. */
export interface PlainAnswer {
  line(line: string): void
  /** The number of tokens has been told. */
  begin(): void
  /** The answer; empty where what stands at the end did not also stand before it, or is too long to be compared. */
  end(): string
}

/** Keeps the last lines, to compare what follows the number of tokens with what was before it. */
export function plainAnswer(): PlainAnswer {
  let lines: string[] = []
  let units = 0
  let before: string | null = null
  let isOver = false

  function reset(): void {
    lines = []
    units = 0
  }

  return {
    line(line) {
      isOver ||= TRAILER.test(line)
      if (isOver) return
      lines.push(line)
      units += line.length + 1
      // Halved, so that not each line moves all the others.
      if (units <= MOST.text) return
      lines = lines.slice(Math.ceil(lines.length / 2))
      units = lines.reduce((sum, { length }) => sum + length + 1, 0)
    },
    begin() {
      before = lines.slice(0, -2).join('\n').trim()
      reset()
    },
    end() {
      const answer = lines.join('\n').trim()
      return before?.endsWith(answer) ? answer : ''
    },
  }
}
