import type { FastifyPluginAsync } from 'fastify'
import type { Clock } from '../base/clock.ts'
import { openEventStream, type StreamPatience } from '../http/event-stream.ts'
import { GET_EVENTS } from './api.ts'
import type { RunStep, Steps } from './steps.ts'
import { summaryOf } from './views.ts'

/** What the stream of events needs. */
export interface EventsRouteOptions {
  readonly steps: Steps
  readonly clock: Clock
  readonly patience: StreamPatience
}

/** `GET /events`: every step of every run, as it happens. */
export const eventsRoute: FastifyPluginAsync<EventsRouteOptions> = async (
  app,
  { steps, clock, patience },
) => {
  const options = {
    schema: GET_EVENTS.schema,
    config: { ...GET_EVENTS.config, scope: 'read' },
    exposeHeadRoute: false,
  } as const
  app.get('/events', options, async (request, reply) => {
    const stream = openEventStream(reply, clock, patience, request.isAllowed)
    const leave = steps.subscribe((step) => stream.offer(stepFrame(step)))
    await stream.closed
    leave()
  })
}

function stepFrame({ step, run }: RunStep): string {
  return `event: step\ndata: ${JSON.stringify({ step, run: summaryOf(run) })}\n\n`
}
