import { Ajv } from 'ajv'
import type { FastifyInstance } from 'fastify'

/**
 * Holds requests to their schemas, exactly as they came: nothing is turned into another type, filled in or dropped.
 * Each schema is compiled when the first request needs it, because compiling them all was a third of the time to start.
 */
export function checkRequests(app: FastifyInstance): void {
  // Our own schemas are not checked themselves: the schema of schemas takes longer to compile than all of them.
  const ajv = new Ajv({ verbose: true, meta: false, validateSchema: false })
  app.setValidatorCompiler<object>(({ schema }) => (value: unknown) => {
    const check = ajv.compile(schema)
    return check(value) || !check.errors ? { value } : { error: check.errors }
  })
  // Answers are held to their schemas by the types; a compiled serializer is no faster for what they are.
  app.setSerializerCompiler(() => JSON.stringify)
}
