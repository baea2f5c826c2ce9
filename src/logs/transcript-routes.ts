import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { AgentReader } from '../agents/agent-events.ts'
import { type Agents, agentNamed } from '../agents/agents.ts'
import { LooperError } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import { type EventStream, openEventStream } from '../http/event-stream.ts'
import type { RunRecord } from '../record/run-record.ts'
import { GET_TRANSCRIPT, RUN_ID } from '../runs/api.ts'
import { logNotFound, openLog } from './file.ts'
import { endFrame, LAST_ID } from './frames.ts'
import { numberOf, readTranscriptQuery, TranscriptQuery } from './query.ts'
import type { LogRoutesOptions } from './routes.ts'
import { runOf } from './run-of.ts'
import { type GrowingTranscript, growing, pageOf } from './transcript.ts'
import { entryOf, TranscriptAnswer } from './transcript-schemas.ts'

/** What the routes of transcripts need. */
export interface TranscriptRoutesOptions extends LogRoutesOptions {
  readonly agents: Agents
}

const Params = Type.Object({ run_id: RUN_ID })
const ANSWERS = {
  200: {
    description: 'What was said so far, or its events.',
    content: { 'application/json': TranscriptAnswer, 'text/event-stream': Type.String() },
  },
  204: { description: 'The Last-Event-ID was that of the end: there is nothing more.' },
}
const POLL_MS = 200

/** `GET /runs/:run_id/transcript`: what the agent of a run said and did, in part or as a stream. */
export const transcriptRoutes: FastifyPluginAsyncTypebox<TranscriptRoutesOptions> = async (app, options) => {
  const { ledger, steps, clock, patience, agents } = options

  app.get(
    '/runs/:run_id/transcript',
    {
      schema: {
        ...GET_TRANSCRIPT.schema,
        params: Params,
        querystring: TranscriptQuery,
      },
      config: { ...GET_TRANSCRIPT.config, answers: ANSWERS, scope: 'read' },
    },
    async (request, reply) => {
      const { isFollowed, ...wanted } = readTranscriptQuery(request.query)
      const run = runOf(ledger, request.params.run_id)
      const read = readerOf(run)
      if (isFollowed) {
        const lastId = request.headers['last-event-id']?.toString()
        if (lastId === LAST_ID) return reply.code(204).send()
        const after = numberOf('Last-Event-ID', lastId) ?? wanted.after
        let latest = run
        // Before anything is waited for: its end is told once.
        const leave = steps.subscribe((told) => {
          if (told.run.runId === run.runId) latest = told.run
        })
        try {
          const { file } = await logOf(run)
          try {
            const stream = openEventStream(reply, clock, patience, request.isAllowed)
            await follow(
              stream,
              () => latest,
              () => growing(file, run.headerBytes, read()),
              after,
            )
          } finally {
            await file.close()
          }
        } finally {
          leave()
        }
        return reply
      }
      const { file } = await logOf(run)
      try {
        const transcript = growing(file, run.headerBytes, read())
        const complete = run.outcome !== null
        const { entries, nextAfter } = await pageOf(transcript, wanted, complete, () => reply.raw.destroyed)
        const answer: TranscriptAnswer = {
          run_id: run.runId,
          agent: run.agent,
          entries: entries.map(entryOf),
          next_after: nextAfter,
          complete,
        }
        return answer
      } finally {
        await file.close()
      }
    },
  )

  function readerOf({ agent }: RunRecord): () => AgentReader {
    const found = agentNamed(agents, agent)
    if (found) return found.read
    throw new LooperError(
      'LOOPER_AGENT_UNKNOWN',
      `the agent "${agent}" of this run is not configured any more`,
    )
  }

  /**
   * Sends what was said behind an entry, and what is said, up to the run's end; of a log that was cut off meanwhile all that it
   * says since, numbered anew.
   */
  async function follow(
    stream: EventStream,
    latest: () => RunRecord,
    begin: () => GrowingTranscript,
    from: number,
  ): Promise<void> {
    let transcript = begin()
    let after = from
    const send = async (entry: Parameters<typeof entryOf>[0]) => {
      if (entry.seq <= after || stream.isOver()) return
      await stream.send(`event: entry\nid: ${entry.seq}\ndata: ${JSON.stringify(entryOf(entry))}\n\n`)
    }
    try {
      while (!stream.isOver()) {
        // Asked before reading: what was said before the end is then surely sent.
        const run = latest()
        if (await transcript.isCut()) {
          transcript = begin()
          after = 0
        }
        for await (const entry of transcript.readOn()) await send(entry)
        if (run.outcome !== null) {
          await Promise.all(transcript.end().map(send))
          return await stream.end(endFrame(run))
        }
        await Promise.race([clock.sleep(POLL_MS), stream.closed])
      }
    } finally {
      stream.abandon()
    }
  }
}

async function logOf({ logPath }: RunRecord) {
  if (logPath === null) throw logNotFound()
  return openLog(logPath)
}
