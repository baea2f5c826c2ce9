import type { Client } from './client.ts'
import { EXIT, Failure } from './failure.ts'

/** When which lines of a log were first seen: the earliest first. */
interface LogTimes {
  readonly times: readonly { readonly from: number; readonly to: number; readonly time: string }[]
  /** False where the service did not keep them. */
  readonly noted: boolean
}

/** Where what was written since then begins in a log; null where nothing was. @throws {Failure} where nobody can tell */
export async function offsetSince(client: Client, runId: string, since: string): Promise<number | null> {
  for (let line = 1; ; ) {
    const { times, noted } = await timesFrom(line)
    if (!noted) {
      throw new Failure(
        EXIT.failed,
        'the service does not know when the lines of this log were written',
        'Set LOOPER_LOG_TIMES=1 for the service: it keeps the times of runs that begin after that.',
      )
    }
    const found = times.find(({ time }) => Date.parse(time) >= Date.parse(since))
    if (found) {
      const path = `/runs/${runId}/log/lines?from=${found.from}&count=1`
      return (await client.get<{ offset: number | null }>(path, ['offset'])).offset
    }
    const last = times.at(-1)
    if (last === undefined || last.to < line) return null
    line = last.to + 1
  }

  function timesFrom(line: number): Promise<LogTimes> {
    return client
      .get<LogTimes>(`/runs/${runId}/log/times?from=${line}`, ['times', 'noted'])
      .catch((error: unknown): LogTimes => {
        // A service that is older than this command has no such route.
        if (error instanceof Failure && 'code' in error.answer && error.answer.code === 'LOOPER_NOT_FOUND')
          return { times: [], noted: false }
        throw error
      })
  }
}
