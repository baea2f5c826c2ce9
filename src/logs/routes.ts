import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import { rangeOf } from '../http/byte-range.ts'
import { type EventStream, openEventStream, type StreamPatience } from '../http/event-stream.ts'
import type { Ledger, RunRecord } from '../record/ledger.ts'
import { GET_LOG, RUN_ID } from '../runs/api.ts'
import type { Steps } from '../runs/steps.ts'
import { createLogFeeds, type LogFeed } from './feed.ts'
import { logNotFound, openLog, readSlice, tailStart } from './file.ts'
import { endFrame, LAST_ID } from './frames.ts'
import { LogQuery, type LogRequest, numberOf, readLogQuery } from './query.ts'
import { runOf } from './run-of.ts'

/** What the routes of logs need. */
export interface LogRoutesOptions {
  readonly ledger: Pick<Ledger, 'find'>
  readonly steps: Steps
  readonly clock: Clock
  readonly patience: StreamPatience
}

const Params = Type.Object({ run_id: RUN_ID })

/** `GET /runs/:run_id/log`: the log as a file, in part, or as a stream. */
export const logRoutes: FastifyPluginAsyncTypebox<LogRoutesOptions> = async (app, options) => {
  const { ledger, clock, patience } = options
  const feeds = createLogFeeds(options)

  app.route({
    method: ['GET', 'HEAD'],
    url: '/runs/:run_id/log',
    schema: { ...GET_LOG.schema, params: Params, querystring: LogQuery },
    config: { ...GET_LOG.config, scope: 'read' },
    async handler(request, reply) {
      const asked = readLogQuery(request.query)
      const run = runOf(ledger, request.params.run_id)
      if (!asked.isFollowed || request.method === 'HEAD') return sendLog(run, asked, request, reply)

      const lastId = request.headers['last-event-id']
      if (lastId === LAST_ID) return reply.code(204).send()
      const resumed = numberOf('Last-Event-ID', lastId?.toString())
      if (run.logPath === null && run.outcome !== null) throw logNotFound()
      const feed = feeds.join(run)
      try {
        await feed.ready
        const { offset, tailLines } = asked
        const from = resumed ?? offset ?? (tailLines === null ? 0 : await feed.tailStart(tailLines))
        const stream = openEventStream(reply, clock, patience, request.isAllowed)
        await follow(feed, stream, from)
      } finally {
        await feed.leave()
      }
    },
  })
}

/** Sends what is in the log from an offset on, and what comes, up to the run's end. */
async function follow(feed: LogFeed, stream: EventStream, from: number): Promise<void> {
  try {
    let cuts = feed.cuts()
    for (let offset = from; !stream.isOver(); ) {
      // Asked before reading: what was written before the end is then surely sent.
      const end = feed.end()
      if (feed.cuts() > cuts) offset = 0
      cuts = feed.cuts()
      const chunk = await feed.chunkAt(offset)
      if (chunk) {
        offset = chunk.end
        await stream.send(chunk.frame)
      } else if (end) await stream.end(endFrame(end))
      else await feed.changed()
    }
  } finally {
    stream.abandon()
  }
}

/** Answers with the log as it is now, or a part of it. */
async function sendLog(
  { logPath }: RunRecord,
  { tailLines }: LogRequest,
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
