import type { Client } from './client.ts'
import { EXIT, Failure } from './failure.ts'

/** The line with which begins what was written since a time, if anything was. */
interface LogTimes {
  readonly times: readonly { readonly from: number }[]
  /** False where the service did not keep them. */
  readonly noted: boolean
  /** False where the service has to count lines first, and is asked again. */
  readonly is_complete: boolean
}

/** Where what was written since then begins in a log; null where nothing was. @throws {Failure} where nobody can tell */
export async function offsetSince(client: Client, runId: string, since: string): Promise<number | null> {
  const log = `/runs/${runId}/log`
  const query = new URLSearchParams({ since, count: '1' })
  for (;;) {
    const { times, noted, is_complete } = await client
      .get<LogTimes>(`${log}/times?${query}`, ['times', 'noted', 'is_complete'])
      .catch(asNotNoted)
    if (!noted) {
      throw new Failure(
        EXIT.failed,
        'there are no recorded times for this log',
        'Set LOOPER_LOG_TIMES=1 for the service. It then records the times of new runs.',
      )
    }
    const [first] = times
    if (first) {
      const lines = `${log}/lines?from=${first.from}&count=0`
      return (await client.get<{ offset: number | null }>(lines, ['offset'])).offset
    }
    if (is_complete) return null
  }
}

/** A service that is older than this command has no such route. */
function asNotNoted(error: unknown): LogTimes {
  if (error instanceof Failure && 'code' in error.answer && error.answer.code === 'LOOPER_NOT_FOUND')
    return { times: [], noted: false, is_complete: true }
  throw error
}
