import type { FastifyInstance } from 'fastify'

/**
 * Lets routes be for browsers alone that want a page, with `constraints: { wants: 'page' }`: at the same address programs, and
 * the page itself, get the data.
 */
export function tellPagesApart(app: FastifyInstance): void {
  app.addConstraintStrategy({
    name: 'wants',
    storage() {
      const stored = new Map()
      return {
        get: (wanted) => stored.get(wanted) ?? null,
        set: (wanted, route) => stored.set(wanted, route),
      }
    },
    // Browsers name it where a person follows a link or types an address; scripts and programs do not (RFC 9110, 12.5.1).
    deriveConstraint: ({ headers }) => (/\btext\/html\b/i.test(headers.accept ?? '') ? 'page' : 'data'),
  })
}
