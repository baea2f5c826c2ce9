import type { Client } from './client.ts'
import { EXIT, Failure } from './failure.ts'

/** When which byte of a log was written: the earliest first. */
interface LogTimes {
  /** Null where the service does not keep them. */
  readonly times: readonly { readonly at: string; readonly offset: number }[] | null
}

/** Where what was written since then begins in a log; null where nothing was. @throws {Failure} where nobody can tell */
export async function offsetSince(client: Client, runId: string, since: string): Promise<number | null> {
  const { times } = await client
    .get<LogTimes>(`/runs/${runId}/log/times`, ['times'])
    .catch((error: unknown): LogTimes => {
      // A service that is older than this command has no such route.
      if (error instanceof Failure && 'code' in error.answer && error.answer.code === 'LOOPER_NOT_FOUND')
        return { times: null }
      throw error
    })
  if (times === null) {
    throw new Failure(
      EXIT.failed,
      'the service does not know when the lines of this log were written',
      'Set LOOPER_LOG_TIMES=1 for the service: it keeps the times of runs that begin after that.',
    )
  }
  return times.find(({ at }) => Date.parse(at) >= Date.parse(since))?.offset ?? null
}
