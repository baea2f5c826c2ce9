import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LooperError } from '../base/errors.ts'

const MAX_DEPTH = 64

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads JSON from the bytes of a body. @throws {LooperError} `LOOPER_BODY_INVALID` @throws {FastifyError} of status 400 */
export type ReadJson = (request: FastifyRequest, bytes: Buffer) => Promise<unknown>

/**
 * Takes JSON bodies only, as valid UTF-8, not nested without end. An empty body is none, whatever its announced type:
 * many clients announce one with each request.
 */
export function takeJsonOnly(app: FastifyInstance): void {
  const read = jsonReader(app)
  app.removeAllContentTypeParsers()
  app.decorateRequest('rawBody', null)
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      request.rawBody = bytes
      // Sent in pieces, of which there were none.
      return bytes.length === 0 ? undefined : read(request, bytes)
    },
  )
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers } = request.raw
    const isEmpty = (headers['content-length'] ?? '0') === '0' && headers['transfer-encoding'] === undefined
    if (isEmpty) delete headers['content-type']
    done()
  })
}

/** Leaves the JSON bodies of this context unread, for routes that look at who sent them first. Returns what parses them. */
export function leaveJsonUnread(app: FastifyInstance): ReadJson {
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', async () => undefined)
  return jsonReader(app)
}

function jsonReader(app: FastifyInstance): ReadJson {
  const parse = app.getDefaultJsonParser('error', 'error')
  return async (request, bytes) => {
    const text = textOf(bytes)
    if (depthOf(text) > MAX_DEPTH) throw unreadable()
    return new Promise((resolve, reject) => {
      void parse(request, text, (error, value) => (error ? reject(error) : resolve(value)))
    })
  }
}

function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw unreadable()
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes of a JSON body, as they came. */
    rawBody: Buffer | null
  }
}

const unreadable = () => new LooperError('LOOPER_BODY_INVALID', 'the body is not valid JSON')

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
