import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { messageOf } from './errors.ts'

/**
 * Parses JSON that an owner wrote, and holds it to a schema.
 * @param name how the text is called in errors
 * @throws {Error} naming the place and what is wrong there
 */
export function readChecked<S extends TSchema>(schema: S, text: string, name: string): Static<S> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // Without the piece of the text that V8 quotes: it may hold a secret.
    const what = messageOf(error).replace(/, (\.{3})?".*"(\.{3})? is not valid JSON$/s, '')
    throw new Error(`${name} is not JSON: ${what}`)
  }
  if (Value.Check(schema, value)) return value
  const problems = Value.Errors(schema, value).map(
    ({ instancePath, message }) => `${instancePath || 'the whole'} ${message}`,
  )
  throw new Error(`${name}: ${problems[0]}`)
}
