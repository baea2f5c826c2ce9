import { messageOf } from '../base/errors.ts'
import { asText } from './as-text.ts'
import type { Context } from './context.ts'
import { EXIT, Failure } from './failure.ts'

/** Shows what an answer about a run says, as it comes: bytes of a log, or a diff. @throws {Failure} where it breaks off */
export async function showAnswer(
  { screen, options }: Context,
  runId: string,
  what: 'log' | 'diff',
  answer: AsyncIterable<Buffer>,
): Promise<void> {
  if (options.json) {
    const kept: Buffer[] = []
    await read(answer, what, async (chunk) => void kept.push(chunk))
    await screen.json({ run_id: runId, ...asText(Buffer.concat(kept)) })
    return
  }
  const sink = screen.openLog()
  await read(answer, what, sink.write)
  await sink.end()
}

async function read(
  answer: AsyncIterable<Buffer>,
  what: string,
  take: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  try {
    for await (const chunk of answer) await take(chunk)
  } catch (error) {
    throw new Failure(EXIT.unreachable, `the ${what} broke off: ${messageOf(error)}`, 'Try again.')
  }
}
