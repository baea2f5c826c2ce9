import type { FastifyInstance } from 'fastify'
import { LooperError } from '../errors.ts'

const MAX_DEPTH = 64

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Takes JSON bodies only, as valid UTF-8, not nested without end; the raw bytes stay for signatures. */
export function takeJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.decorateRequest('rawBody', null)
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = Buffer.from(body)
    request.rawBody = bytes
    try {
      const text = utf8.decode(bytes)
      if (depthOf(text) > MAX_DEPTH) return done(invalid())
      void parse(request, text, done)
    } catch {
      // Not UTF-8.
      done(invalid())
    }
  })
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes of a JSON body, as they came. */
    rawBody: Buffer | null
  }
}

const invalid = () => new LooperError('LOOPER_BODY_INVALID', "missing 'zulip_message'")

/** How deep objects and lists are nested, without parsing. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (inString) {
      if (char === 0x5c) i++
      else if (char === 0x22) inString = false
    } else if (char === 0x22) inString = true
    else if (char === 0x5b || char === 0x7b) deepest = Math.max(deepest, ++depth)
    else if (char === 0x5d || char === 0x7d) depth--
  }
  return deepest
}
