import { type Static, Type } from 'typebox'

/** As much of a JSON schema as is put into words. */
export const Schema = Type.Cyclic(
  {
    Schema: Type.Object({
      $ref: Type.Optional(Type.String()),
      type: Type.Optional(Type.String()),
      description: Type.Optional(Type.String()),
      const: Type.Optional(Type.Unknown()),
      enum: Type.Optional(Type.Array(Type.Unknown())),
      anyOf: Type.Optional(Type.Array(Type.Ref('Schema'))),
      items: Type.Optional(Type.Ref('Schema')),
      properties: Type.Optional(Type.Record(Type.String(), Type.Ref('Schema'))),
      required: Type.Optional(Type.Array(Type.String())),
      format: Type.Optional(Type.String()),
    }),
  },
  'Schema',
)
/** As much of a JSON schema as is put into words. */
export type Schema = Static<typeof Schema>

/** A schema in a few words: `integer | null`, `"read" | "run"`, `Failure`, `object[]`. */
export function typeOf({ $ref, type, enum: values, anyOf, items, format, ...rest }: Schema): string {
  if ($ref !== undefined) return $ref.replace(/^.*\//, '')
  if ('const' in rest) return JSON.stringify(rest.const)
  if (values) return values.map((value) => JSON.stringify(value)).join(' | ')
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(' | ')
  if (items) return `${typeOf(items)}[]`
  return format ?? type ?? 'any'
}

/** The fields of a schema, those of nested objects as `outer.inner` and `list[].inner`: name, type, description. */
export function fieldsOf(schema: Schema, prefix = ''): (readonly [string, string, string])[] {
  if (schema.anyOf) return schema.anyOf.flatMap((one) => fieldsOf(one, prefix))
  if (schema.items) return fieldsOf(schema.items, `${prefix}[]`)
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    const mark = schema.required?.includes(name) ? '' : '?'
    return [[`${path}${mark}`, typeOf(field), field.description ?? ''] as const, ...fieldsOf(field, path)]
  })
}
