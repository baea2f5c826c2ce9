import { createRequire } from 'node:module'
import type { Ajv } from 'ajv'

const require = createRequire(import.meta.url)
let made: Ajv | null = null
let madeForAll: Ajv | null = null

/**
 * The one validator: it takes values as they are, and turns, fills in or drops nothing. Loaded when the first value is to
 * be checked: it is a good part of what the service would load to start.
 */
export function ajv(): Ajv {
  made ??= make(false)
  return made
}

/** The same, and it tells all that is wrong with a value, not the first thing alone. */
export function ajvForAll(): Ajv {
  madeForAll ??= make(true)
  return madeForAll
}

function make(allErrors: boolean): Ajv {
  const { Ajv }: typeof import('ajv') = require('ajv')
  // Our own schemas are not checked themselves: the schema of schemas takes longer to compile than all of them.
  return new Ajv({ allErrors, verbose: true, meta: false, validateSchema: false })
}
