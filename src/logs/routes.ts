import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Clock } from '../base/clock.ts'
import { Type } from '../base/schema.ts'
import { type EventStream, openEventStream, type StreamPatience } from '../http/event-stream.ts'
import type { Ledger } from '../record/ledger.ts'
import { GET_LOG, RUN_ID } from '../runs/api.ts'
import type { Steps } from '../runs/steps.ts'
import { createLogFeeds, type LogFeed } from './feed.ts'
import { logNotFound } from './file.ts'
import { endFrame, LAST_ID } from './frames.ts'
import { LogQuery, numberOf, readLogQuery } from './query.ts'
import { runOf } from './run-of.ts'
import { sendLog } from './send.ts'

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
      if (!asked.isFollowed || request.method === 'HEAD') return sendLog(run.logPath, asked, request, reply)

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
