import { ajv } from './ajv.ts'
import { messageOf } from './errors.ts'
import type { Static, TSchema } from './schema.ts'

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
  if (ajv().validate<Static<S>>(schema, value)) return value
  const problems = ajv().errorsText(ajv().errors, { dataVar: '' })
  throw new Error(`${name}: ${problems.startsWith(' ') ? 'the whole' : ''}${problems}`)
}
