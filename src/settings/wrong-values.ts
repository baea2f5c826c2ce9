import type { ErrorObject } from 'ajv'
import { ajvForAll } from '../base/ajv.ts'
import { meantBy } from '../base/misspelt.ts'
import type { Static, TSchema } from '../base/schema.ts'
import { pointerOf } from './pointer.ts'

/** What is wrong with a value, and the JSON pointer that leads to it. */
export interface WrongValue {
  readonly pointer: string
  /** The rest of a sentence about it. */
  readonly why: string
}

/** A value that its schema lets through; else null, and all that is wrong with it is told. */
export function held<S extends TSchema>(
  schema: S,
  value: unknown,
  tell: (wrong: WrongValue) => unknown,
): Static<S> | null {
  const validator = ajvForAll()
  if (validator.validate<Static<S>>(schema, value)) return value
  // What none of several schemas takes is told once, and not by what each of them says.
  const errors = validator.errors?.filter(({ schemaPath }) => !schemaPath.includes('/anyOf/'))
  errors?.map(wrongValue).map(tell)
  return null
}

function wrongValue({
  keyword,
  instancePath,
  params,
  schema,
  parentSchema,
  message,
}: ErrorObject): WrongValue {
  switch (keyword) {
    case 'additionalProperties': {
      const name = String(params.additionalProperty)
      const pointer = instancePath + pointerOf([name])
      const pattern = Object.keys(parentSchema?.patternProperties ?? {})[0]
      if (pattern !== undefined) return { pointer, why: `must have a name like ${pattern}` }
      return { pointer, why: `not a setting; ${meaning(name, Object.keys(parentSchema?.properties))}` }
    }
    case 'anyOf':
      return { pointer: instancePath, why: `must be ${typesOf(schema).join(' or ')}` }
    case 'enum':
      return { pointer: instancePath, why: `must be one of ${[schema].flat().join(', ')}` }
    default:
      return { pointer: instancePath, why: String(message) }
  }
}

/** What a name that is none was meant to be, as the end of a sentence. */
export function meaning(name: string, known: readonly string[]): string {
  const meant = meantBy(name, known)
  return meant === null ? `there are: ${known.join(', ')}` : `did you mean ${meant}?`
}

/** What several schemas want. */
const typesOf = (schemas: unknown): string[] =>
  [schemas].flat().map((one) => String(Reflect.get(Object(one), 'type')))
