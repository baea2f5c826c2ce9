import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from '../../base/schema.ts'
import { codingFor, inCodings } from './coding.ts'
import { isKnownTag, tagsOf } from './fresh.ts'
import { trimmed } from './trim.ts'

const PAGE = path.join(import.meta.dirname, 'page')
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
}
/** The style sheets, in their order. They are sent as one: nothing is painted before the last of them is there. */
const STYLES = [
  'base',
  'frame',
  'run',
  'log',
  'transcript',
  'ansi',
  'side',
  'overlays',
  'form',
  'small',
  'turned',
]

/** Those of what is rarely shown: they are asked for when it first is. */
const MORE_STYLES = ['slots', 'holds', 'asks', 'folds', 'push']

/**
 * The page shows what agents wrote. So nothing but its own files may run in it, nothing may leave for another host, and
 * the browser itself refuses every assignment that would parse text as HTML (Trusted Types).
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // That of its service worker's address alone: push-subscription.js.
  'trusted-types push-worker',
].join('; ')

const IN_WORDS = {
  tags: ['service'],
  summary: 'The dashboard',
  description: 'Needs no token: it contains no data, and asks for the token that the API needs.',
}
const ANSWERS = { 200: { description: 'A page.', content: { 'text/html': Type.String() } } }

/**
 * `GET /`: the dashboard, with its files below `/dashboard/`. They hold no data, so they need no token: all that the page
 * shows it asks of the API, with the token that its user gives.
 */
export const dashboardRoutes: FastifyPluginAsync = async (app) => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      'content-security-policy': POLICY,
      // Kept, but asked for each time: a reload costs no file that is the same still.
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      // The names of hosts that stand in a log are looked up by nobody who does not follow its links.
      'x-dns-prefetch-control': 'off',
    })
  })
  const serve = (name: string, type: string, content: Buffer) => {
    const isPage = name === 'index.html'
    const config = { linkable: isPage, answers: isPage ? ANSWERS : {} }
    const schema = isPage ? IN_WORDS : { hide: true }
    const coded = type === 'image/png' ? null : inCodings(content)
    const tagOf = tagsOf(content)
    app.get(isPage ? '/' : `/dashboard/${name}`, { schema, config }, async (request, reply) => {
      const coding = coded === null ? 'identity' : codingFor(request.headers['accept-encoding'])
      const tag = tagOf(coding)
      reply.header('etag', tag)
      if (coded !== null) reply.header('vary', 'Accept-Encoding')
      if (isKnownTag(tag, request.headers['if-none-match'])) return reply.code(304).send()
      reply.type(type)
      if (coding !== 'identity') reply.header('content-encoding', coding)
      return coded === null ? content : coded(coding)
    })
  }
  const names = readdirSync(PAGE)
  const read = (name: string) => {
    const bytes = readFileSync(path.join(PAGE, name))
    const extension = path.extname(name)
    return extension === '.png' ? bytes : Buffer.from(trimmed(bytes.toString(), extension))
  }
  for (const [extension, type] of Object.entries(TYPES)) {
    for (const name of names.filter((file) => file.endsWith(extension))) serve(name, type, read(name))
  }
  for (const [name, parts] of [
    ['page.css', STYLES],
    ['more.css', MORE_STYLES],
  ] as const)
    serve(name, 'text/css; charset=utf-8', Buffer.concat(parts.map((part) => read(`${part}.css`))))
}
