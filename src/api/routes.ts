import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '../schema.ts'

/** `GET /openapi.json` and, for people, `GET /docs`: how to use the service. They hold no data and need no token. */
export const apiRoutes: FastifyPluginAsyncTypebox = async (app) => {
  let page: string | null = null

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
    async () => app.swagger(),
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
        answers: { 200: { description: 'A page.', content: { 'text/html': Type.String() } } },
      },
    },
    async (_request, reply) => {
      // Loaded when somebody reads it, so that a start is fast.
      const { PAGE_POLICY, renderPage } = await import('./page.ts')
      page ??= renderPage(JSON.parse(JSON.stringify(app.swagger())))
      return reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8').send(page)
    },
  )
}
