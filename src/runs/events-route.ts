import type { FastifyPluginAsync } from 'fastify'
import type { Clock } from '../base/clock.ts'
import type { EventSource } from '../http/event-source.ts'
import { openEventStream, type StreamPatience } from '../http/event-stream.ts'
import { GET_EVENTS } from './api.ts'
import type { RunStep, Steps } from './steps.ts'
import { summaryOf } from './views.ts'

/** What the stream of events needs. */
export interface EventsRouteOptions {
  readonly steps: Steps
  /** What happens besides. */
  readonly others: readonly EventSource[]
  readonly clock: Clock
  readonly patience: StreamPatience
}

/** `GET /events`: every step of every run, and what plug-ins tell besides, as it happens. */
export const eventsRoute: FastifyPluginAsync<EventsRouteOptions> = async (
  app,
  { steps, others, clock, patience },
) => {
  const options = {
    schema: GET_EVENTS.schema,
    config: { ...GET_EVENTS.config, scope: 'read' },
    exposeHeadRoute: false,
  } as const
  app.get('/events', options, async (request, reply) => {
    const stream = openEventStream(reply, clock, patience, request.isAllowed)
    const leaving = [
      steps.subscribe((step) => stream.offer(stepFrame(step))),
      ...others.map((other) => other.subscribe(({ name, data }) => stream.offer(frame(name, data)))),
    ]
    await stream.closed
    for (const leave of leaving) leave()
  })
}

const stepFrame = ({ step, run }: RunStep) => frame('step', { step, run: summaryOf(run) })

const frame = (name: string, data: object) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
