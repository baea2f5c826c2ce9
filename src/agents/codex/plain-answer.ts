import { lastLines } from '../last-lines.ts'

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
  let lines = lastLines()
  let before: string | null = null
  let isOver = false

  return {
    line(line) {
      isOver ||= TRAILER.test(line)
      if (!isOver) lines.line(line)
    },
    begin() {
      before = lines.text(2)
      lines = lastLines()
    },
    end() {
      const answer = lines.text()
      return before?.endsWith(answer) ? answer : ''
    },
  }
}
