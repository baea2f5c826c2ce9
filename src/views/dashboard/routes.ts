import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { FastifyPluginAsync, RouteShorthandOptions } from 'fastify'
import { Type } from '../../base/schema.ts'
import { codingFor, inCodings } from './coding.ts'
import { withCommon } from './common.ts'
import { isKnownTag, tagsOf } from './fresh.ts'
import { trimmed } from './trim.ts'
import { tellPagesApart } from './wants-page.ts'

const PAGE = path.join(import.meta.dirname, 'page')
const HTML = 'text/html; charset=utf-8'
const TYPES: Readonly<Record<string, string>> = {
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

/** Those of the page of loops alone, beside those of every page. */
const LOOP_STYLES = ['loop-page', 'loop-rounds', 'loop-memories', 'loops-small']

/** Where the page of loops is, and how it finds its files from there. */
const LOOP_ADDRESSES = [
  ['/loops', 'dashboard/'],
  ['/loops/:name', '../dashboard/'],
] as const

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

/** How one file is served. */
interface Serving {
  readonly address: string
  readonly type: string
  readonly content: Buffer
  readonly route: Pick<RouteShorthandOptions, 'schema' | 'config' | 'constraints'>
  /** By what of a request another answer would be chosen. */
  readonly varies?: string
}

/**
 * `GET /`: the dashboard, and the page of loops, with their files below `/dashboard/`. They hold no data, so they need no token: all that the page
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
  const serve = ({ address, type, content, route, varies }: Serving) => {
    const coded = type === 'image/png' ? null : inCodings(content)
    const tagOf = tagsOf(content)
    const vary = [...(varies ? [varies] : []), ...(coded === null ? [] : ['Accept-Encoding'])].join(', ')
    app.get(address, route, async (request, reply) => {
      const coding = coded === null ? 'identity' : codingFor(request.headers['accept-encoding'])
      const tag = tagOf(coding)
      reply.header('etag', tag)
      if (vary !== '') reply.header('vary', vary)
      if (isKnownTag(tag, request.headers['if-none-match'])) return reply.code(304).send()
      reply.type(type)
      if (coding !== 'identity') reply.header('content-encoding', coding)
      return coded === null ? content : coded(coding)
    })
  }
  const serveFile = (name: string, type: string, content: Buffer) =>
    serve({
      address: `/dashboard/${name}`,
      type,
      content,
      route: { schema: { hide: true }, config: { linkable: false } },
    })
  const names = readdirSync(PAGE)
  const read = (name: string) => {
    const bytes = readFileSync(path.join(PAGE, name))
    const extension = path.extname(name)
    if (extension === '.png') return bytes
    const text = withCommon(bytes.toString(), (common) => readFileSync(path.join(PAGE, common), 'utf8'))
    return Buffer.from(trimmed(text, extension))
  }
  for (const [extension, type] of Object.entries(TYPES)) {
    for (const name of names.filter((file) => file.endsWith(extension))) serveFile(name, type, read(name))
  }
  for (const [name, parts] of [
    ['page.css', STYLES],
    ['more.css', MORE_STYLES],
    ['loops.css', LOOP_STYLES],
  ] as const)
    serveFile(name, 'text/css; charset=utf-8', Buffer.concat(parts.map((part) => read(`${part}.css`))))
  const config = { linkable: true, answers: ANSWERS }
  serve({ address: '/', type: HTML, content: read('index.html'), route: { schema: IN_WORDS, config } })
  tellPagesApart(app)
  const loops = read('loops.html').toString()
  for (const [address, files] of LOOP_ADDRESSES)
    serve({
      address,
      type: HTML,
      content: Buffer.from(loops.replaceAll('"dashboard/', `"${files}`)),
      route: { schema: { hide: true }, config: { linkable: true }, constraints: { wants: 'page' } },
      varies: 'Accept',
    })
}
