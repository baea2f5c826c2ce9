import type { FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether pages of the origins that the settings name may ask for it. */
    readonly crossOrigin?: boolean
  }
}

/** What a page may ask for, as its browser asks before (fetch.spec.whatwg.org, CORS protocol). */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'authorization, content-type, x-looper-token',
  'access-control-max-age': '600',
} as const

/** Lets a page of these origins ask for what it may, and see the answer; whether it may. */
export function allowOrigin(
  { routeOptions, headers: { origin } }: FastifyRequest,
  reply: FastifyReply,
  origins: readonly string[],
): boolean {
  if (!routeOptions.config.crossOrigin || origin === undefined || !origins.includes(origin)) return false
  reply.headers({ 'access-control-allow-origin': origin, vary: 'origin' })
  if (routeOptions.method === 'OPTIONS') reply.headers(PREFLIGHT)
  return true
}
