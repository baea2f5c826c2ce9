import type { FastifyInstance, RouteOptions } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route of the app, in the order of registration. */
    readonly described: readonly RouteOptions[]
  }
}

/** Notes every route that is registered from now on, for whoever describes them. */
export function noteRoutes(app: FastifyInstance): void {
  const routes: RouteOptions[] = []
  app.decorate('described', routes)
  app.addHook('onRoute', (route) => {
    routes.push(route)
  })
}
