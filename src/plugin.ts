import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import type { Type } from './base/schema.ts'
import type { EventSource } from './http/event-source.ts'
import type { Asks } from './people/asks.ts'
import type { PersonTool, Tool } from './tools/tool.ts'

/** What a plug-in adds to a service that runs; each of it is optional. */
export interface Opened {
  /**
   * Registers routes for which nobody needs a token of the service.
   * @param hold for those that know their callers by themselves: keeps the connection while a request is answered
   */
  publicRoutes?(app: FastifyInstance, hold: onRequestHookHandler): Promise<void>
  /** Registers routes behind the service's tokens. */
  routes?(app: FastifyInstance): Promise<void>
  /** What the agent inside a run can do through it. */
  readonly tools?: readonly Tool[]
  /** What a person's own agent can do through it. */
  readonly personTools?: readonly PersonTool[]
  /** What agents ask people, for whoever tells people of it. */
  readonly asks?: Pick<Asks, 'list' | 'changed'>
  /** What it tells in `GET /events`. */
  readonly events?: EventSource
  /** Is told where the service listens, as a URL, before anything is launched. */
  listening?(url: string): void
  /** What it tells in `GET /status`, under its name; it may throw where that cannot be told now. */
  readonly status?: StatusPart
  /** Works until the signal aborts; begins when the runs of an earlier life are taken up. Never rejects. */
  run?(signal: AbortSignal): Promise<void>
  /** Lets go of what it opened. */
  close?(): void
}

/** A part of `GET /status`. */
export interface StatusPart {
  readonly name: string
  readonly schema: ReturnType<typeof Type.Object>
  look(): Promise<Readonly<Record<string, unknown>>>
}
