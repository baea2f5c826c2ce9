import type { Agent } from '../agents/agent.ts'
import { messageOf } from '../base/errors.ts'
import { isShortage, plainSize } from '../base/plain-file.ts'
import { readTail } from '../logs/run-log.ts'

const TOKEN_LINES = 6
const LOG_GONE = 'its log was removed while it ran'

/** What the log tells at the end; nulls where it is gone or closed to us. @throws {Error} where nobody can say now */
export function outputOf(logPath: string, headerBytes: number, kind: Pick<Agent, 'tokensUsed'>) {
  try {
    const size = plainSize(logPath)
    if (size === null) return { outputBytes: null, tokensUsed: null, trouble: LOG_GONE }
    const tokensUsed = kind.tokensUsed(readTail(logPath, TOKEN_LINES))
    // Somebody may have cut it off.
    return { outputBytes: Math.max(0, size - headerBytes), tokensUsed, trouble: null }
  } catch (error) {
    if (isShortage(error)) throw error
    const trouble = `its log cannot be read: ${messageOf(error)}`
    return { outputBytes: null, tokensUsed: null, trouble }
  }
}
