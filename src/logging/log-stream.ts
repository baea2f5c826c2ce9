import { closeSync, constants, openSync, type Stats, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { errnoOf } from '../base/errors.ts'
import { createBacklog, type Destination } from './backlog.ts'
import { outputThatIs } from './log-place.ts'

/** How soon a reader that is behind is given more. */
const RETRY_MS = 50
/** How long the end waits for it, at most. */
const LAST_RETRIES = 20

/**
 * Writes to a device or a pipe, without ever waiting for whoever reads it. Standard output and error are taken as they
 * are: opened anew, a file would be written from its begin, and a socket could not be opened at all.
 * @param failed is told what cannot be written, once until it works again; a reader that is slow is no failure
 * @throws {Error} of Node's
 */
export function openLogStream(file: string, stats: Stats, failed: (error: unknown) => void): Destination {
  const output = outputThatIs(stats)
  const fd = output ?? openSync(file, flagsFor(stats))
  let isBehind = false
  const backlog = createBacklog(
    (bytes) => writeSync(fd, bytes),
    (error) => {
      if (errnoOf(error) !== 'EAGAIN') failed(error)
    },
  )

  function retryLater(): void {
    if (isBehind) return
    isBehind = true
    setTimeout(() => {
      isBehind = false
      if (!backlog.retry()) retryLater()
    }, RETRY_MS).unref()
  }

  return {
    write(bytes) {
      const isWritten = backlog.write(bytes)
      if (!isWritten) retryLater()
      return isWritten
    },
    async close() {
      for (let i = 0; i < LAST_RETRIES && !backlog.retry(); i++) await sleep(RETRY_MS)
      if (output === null) closeSync(fd)
    },
  }
}

/** With a reader of its own, this very process, a pipe can be opened before anybody else reads it: fifo(7). */
function flagsFor(stats: Stats): number {
  const how = stats.isFIFO() ? constants.O_RDWR : constants.O_WRONLY | constants.O_APPEND
  return how | constants.O_NONBLOCK | constants.O_NOCTTY
}
