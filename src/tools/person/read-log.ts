import { Type } from '../../base/schema.ts'
import { logNotFound, openLog, tailStart } from '../../logs/file.ts'
import { readAt } from '../../logs/line-index.ts'
import { runOf } from '../../logs/run-of.ts'
import { strip, wordsOf } from '../../logs/text.ts'
import type { Ledger } from '../../record/ledger.ts'
import { type PersonTool, personTool } from '../tool.ts'
import { RUN_ID } from './run-id.ts'

/** What it takes. */
export interface ReadLogDeps {
  readonly ledger: Pick<Ledger, 'find'>
}

const DEFAULT_LINES = 100
const MAX_LINES = 1000
/** About 8,000 tokens. */
const MOST_BYTES = 32_768
const NEWLINE = 10

/** What a log says, a part at a time. */
export const readLogTool = ({ ledger }: ReadLogDeps): PersonTool =>
  personTool({
    name: 'read_log',
    description: `Read the last lines of a run's log, or, with from, those from a byte on: pass "next" of the answer to go on. At most ${MOST_BYTES / 1024} KiB at once.`,
    input: Type.Object(
      {
        run_id: RUN_ID,
        lines: Type.Optional(
          Type.Integer({ minimum: 1, maximum: MAX_LINES, description: `Default: ${DEFAULT_LINES}.` }),
        ),
        from: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
      },
      { additionalProperties: false },
    ),
    isReadOnly: true,
    scope: 'read',
    async call({ run_id, lines = DEFAULT_LINES, from }) {
      const { logPath, outcome } = runOf(ledger, run_id)
      if (logPath === null) throw logNotFound()
      const log = await openLog(logPath)
      try {
        const { file, size } = log
        const begin = from ?? Math.max(await tailStart(log, lines), size - MOST_BYTES)
        const bytes = await readAt(file, begin, Math.min(MOST_BYTES, Math.max(0, size - begin)))
        const part = from === undefined ? bytes : bytes.subarray(0, endOfLines(bytes, lines))
        const text = wordsOf(strip(part.toString('latin1')).text)
        return { text, from: begin, next: begin + part.length, size, is_over: outcome !== null }
      } finally {
        await log.file.close()
      }
    },
  })

/** Where so many lines end; where the last whole one does, if there are fewer; else where the bytes do. */
function endOfLines(bytes: Buffer, lines: number): number {
  let end = 0
  for (let left = lines; left > 0; left--) {
    const newline = bytes.indexOf(NEWLINE, end)
    if (newline === -1) return end || bytes.length
    end = newline + 1
  }
  return end
}
