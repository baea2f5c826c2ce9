import { ajv } from '../base/ajv.ts'

// Not by Fastify's own types, which say that a compiler gets the schema itself: it gets an object with the schema in it.
const compilersFactory: object = {
  buildValidator:
    () =>
    ({ schema }: { readonly schema: object }) =>
    (value: unknown) => {
      const check = ajv().compile(schema)
      return check(value) || !check.errors ? { value } : { error: check.errors }
    },
  buildSerializer: () => () => JSON.stringify,
}

/**
 * How Fastify holds requests to their schemas: exactly as they came, and each schema is compiled when the first request
 * needs it. Answers are held to theirs by the types; a compiled serializer is no faster for what they are.
 */
export const compilers = { compilersFactory }
