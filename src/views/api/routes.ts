import type { FastifyPluginAsync, FastifyRequest, RouteOptions } from 'fastify'
import { loadLater } from '../../base/load-later.ts'
import { Type } from '../../base/schema.ts'

/** What the document is made of. */
export interface ApiRoutesOptions {
  readonly routes: readonly RouteOptions[]
  readonly version: string
}

/** `GET /openapi.json` and, for people, `GET /docs`: how to use the service. They hold no data and need no token. */
export const apiRoutes: FastifyPluginAsync<ApiRoutesOptions> = async (app, { routes, version }) => {
  let last: { readonly base: string; readonly page: string } | null = null
  // Loaded when somebody asks, so that a start is fast.
  const document = loadLater(['@fastify/swagger'], async () =>
    (await import('./document.ts')).documentOf(routes, version),
  )

  app.get(
    '/openapi.json',
    {
      schema: {
        tags: ['service'],
        summary: 'This API as an OpenAPI document',
        description: 'Needs no token.',
      },
      config: {
        answers: {
          200: { description: 'OpenAPI 3.1.', content: { 'application/json': Type.Object({}) } },
        },
      },
    },
    document.load,
  )

  app.get(
    '/docs',
    {
      schema: {
        tags: ['service'],
        summary: 'This API as a page',
        description: 'Needs no token, no scripts, and nothing from elsewhere.',
      },
      config: {
        linkable: true,
        answers: { 200: { description: 'A page.', content: { 'text/html': Type.String() } } },
      },
    },
    async (request, reply) => {
      const { PAGE_POLICY, renderPage } = await import('./page.ts')
      const base = baseOf(request)
      if (last?.base !== base)
        last = { base, page: renderPage(JSON.parse(JSON.stringify(await document.load())), base) }
      return reply
        .header('content-security-policy', PAGE_POLICY)
        .type('text/html; charset=utf-8')
        .send(last.page)
    },
  )
}

/**
 * Where whoever asks found the service. What a proxy says of that is believed here, where nobody but the reader sees it.
 */
function baseOf({ protocol, host, headers }: FastifyRequest): string {
  const { 'x-forwarded-proto': proto, 'x-forwarded-prefix': prefix } = headers
  const scheme = /^https?$/.exec(String(proto))?.[0] ?? protocol
  const path = /^(\/[\w.~-]+)+$/.exec(String(prefix))?.[0] ?? ''
  return `${scheme}://${host}${path}`
}
