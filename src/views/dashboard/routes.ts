import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { FastifyPluginAsync } from 'fastify'
import { Type } from '../../base/schema.ts'
import { bare } from './bare.ts'
import { codingFor, inCodings } from './coding.ts'

const PAGE = path.join(import.meta.dirname, 'page')
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
}
/** The style sheets, in their order. They are sent as one: nothing is painted before the last of them is there. */
const STYLES = ['base', 'frame', 'run', 'log', 'ansi', 'side', 'overlays', 'form', 'small', 'small-turned']

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
  "trusted-types 'none'",
].join('; ')

const IN_WORDS = {
  tags: ['service'],
  summary: 'The dashboard',
  description: 'Needs no token: it holds no data, and asks for the token that the API wants.',
}
/** Enough of a hash that no two versions of a file share it. */
const TAG_LENGTH = 22
const ANSWERS = { 200: { description: 'A page.', content: { 'text/html': Type.String() } } }

/**
 * `GET /`: the dashboard, with its files below `/dashboard/`. They hold no data, so they need no token: all that the page
 * shows it asks of the API, with the token that its user gives.
 */
export const dashboardRoutes: FastifyPluginAsync = async (app) => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      'content-security-policy': POLICY,
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
    const tag = createHash('sha256').update(content).digest('base64url').slice(0, TAG_LENGTH)
    app.get(isPage ? '/' : `/dashboard/${name}`, { schema, config }, async (request, reply) => {
      const coding = coded === null ? 'identity' : codingFor(request.headers['accept-encoding'])
      const etag = `"${tag}-${coding}"`
      // The browser asks each time whether it is still the same: after an update it is not.
      reply.headers({ etag, 'cache-control': 'no-cache' })
      if (coded !== null) reply.header('vary', 'Accept-Encoding')
      if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send()
      reply.type(type)
      if (coded === null) return content
      if (coding !== 'identity') reply.header('content-encoding', coding)
      return coded(coding)
    })
  }
  const names = readdirSync(PAGE)
  const read = (name: string) => {
    const content = readFileSync(path.join(PAGE, name))
    return /\.(js|css)$/.test(name) ? Buffer.from(bare(content.toString())) : content
  }
  for (const [extension, type] of Object.entries(TYPES)) {
    for (const name of names.filter((file) => file.endsWith(extension))) serve(name, type, read(name))
  }
  serve('page.css', 'text/css; charset=utf-8', Buffer.concat(STYLES.map((name) => read(`${name}.css`))))
}

/** Whether a client has this version (RFC 9110, 13.1.2). */
function isKnown(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}
