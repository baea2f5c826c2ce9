import type { FastifyReply, FastifyRequest } from 'fastify'
import { LooperError } from '../base/errors.ts'
import { rangeOf } from '../http/byte-range.ts'
import { logNotFound, openLog, readSlice, tailStart } from './file.ts'
import type { LogRequest } from './query.ts'

/** Answers with a log as it is now, or a part of it. @throws {LooperError} `LOOPER_LOG_NOT_FOUND`, `LOOPER_RANGE_UNSATISFIABLE` */
export async function sendLog(
  logPath: string | null,
  { tailLines }: Pick<LogRequest, 'tailLines'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (logPath === null) throw logNotFound()
  const log = await openLog(logPath)
  let isSent = false
  try {
    const [first, end] = await part()
    reply.type('text/plain; charset=utf-8').header('content-length', end - first)
    if (request.method === 'HEAD') return reply.send(null)
    isSent = true
    return reply.send(readSlice(log.file, first, end))
  } finally {
    if (!isSent) await log.file.close()
  }

  async function part(): Promise<readonly [number, number]> {
    const { size } = log
    if (tailLines !== null) return [await tailStart(log, tailLines), size]
    reply.header('accept-ranges', 'bytes')
    // Ranges are for GET alone, and nothing here ever matches an If-Range (RFC 9110, 13.1.5 and 14.2).
    const isWhole = request.method === 'HEAD' || request.headers['if-range'] !== undefined
    const range = rangeOf(isWhole ? undefined : request.headers.range, size)
    switch (range.kind) {
      case 'whole':
        return [0, size]
      case 'part':
        reply.code(206).header('content-range', `bytes ${range.first}-${range.end - 1}/${size}`)
        return [range.first, range.end]
      case 'unsatisfiable':
        reply.header('content-range', `bytes */${size}`)
        throw new LooperError('LOOPER_RANGE_UNSATISFIABLE', `the log has ${size} bytes`)
    }
  }
}
