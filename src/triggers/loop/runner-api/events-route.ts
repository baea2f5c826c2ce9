import type { FastifyPluginAsync } from 'fastify'
import type { Clock } from '../../../base/clock.ts'
import { Type } from '../../../base/schema.ts'
import { openEventStream, type StreamPatience } from '../../../http/event-stream.ts'
import type { RunnerEvent } from './events.ts'
import type { Runner } from './runner.ts'

/** What the route needs. */
export interface RunnerEventsOptions {
  readonly runner: Pick<Runner, 'connected' | 'subscribe'>
  readonly clock: Clock
}

/** Proxies and browsers give up a connection that is silent for longer. */
const PATIENCE: StreamPatience = { heartbeatMs: 5000, drainMs: 10_000 }
/** A prompt may have a megabyte; who lags further behind is dropped. In UTF-16 units. */
const MOST_UNSENT = 4_194_304

/** `GET /api/events`: `data:` lines only, as the page of Loop Runner reads them. */
export const runnerEventsRoute: FastifyPluginAsync<RunnerEventsOptions> = async (app, { runner, clock }) => {
  const options = {
    schema: {
      tags: ['runs'],
      summary: 'What happens to the loop "default"',
      description:
        'Server-Sent Events without names: each is a JSON object with a `type`: connected, state, iteration, monitor, prompt, response, error, stopped or config. ' +
        'The state in them holds the newest entry of its history alone.',
    },
    config: {
      scope: 'read',
      crossOrigin: true,
      answers: {
        200: { description: 'Server-Sent Events.', content: { 'text/event-stream': Type.String() } },
      },
    },
    exposeHeadRoute: false,
  } as const
  app.get('/api/events', options, async (request, reply) => {
    // What fails here is answered as a failure.
    const connected = runner.connected()
    const stream = openEventStream(reply, clock, PATIENCE, request.isAllowed)
    let unsent = 0
    let last = Promise.resolve()
    const say = (event: RunnerEvent) => {
      const frame = `data: ${JSON.stringify(event)}\n\n`
      unsent += frame.length
      if (unsent > MOST_UNSENT) {
        if (!stream.isOver()) request.log.warn('stream.slow')
        return stream.abandon()
      }
      last = last.then(async () => {
        await stream.send(frame)
        unsent -= frame.length
      })
    }
    say(connected)
    const leave = runner.subscribe(say)
    await stream.closed
    leave()
  })
}
