import { createRequire } from 'node:module'
import type { Ajv } from 'ajv'

const require = createRequire(import.meta.url)
let made: Ajv | null = null

/**
 * The one validator: it takes values as they are, and turns, fills in or drops nothing. Loaded when the first value is to
 * be checked: it is a good part of what the service would load to start.
 */
export function ajv(): Ajv {
  made ??= make()
  return made
}

function make(): Ajv {
  const { Ajv }: typeof import('ajv') = require('ajv')
  // Our own schemas are not checked themselves: the schema of schemas takes longer to compile than all of them.
  return new Ajv({ verbose: true, meta: false, validateSchema: false })
}
