/** As much of a JSON schema as is put into words. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly description?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly format?: string
}

/** A schema in a few words: `integer | null`, `"read" | "run"`, `Failure`, `object[]`. */
export function typeOf({ $ref, type, enum: values, anyOf, items, format, ...rest }: Schema): string {
  if ($ref !== undefined) return $ref.replace(/^.*\//, '')
  if ('const' in rest) return JSON.stringify(rest.const)
  if (values) return values.map((value) => JSON.stringify(value)).join(' | ')
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(' | ')
  if (items) return `${typeOf(items)}[]`
  return format ?? String(type)
}

/** A field in words. One that may be absent has a name that ends with `?`. */
export type Field = readonly [name: string, type: string, description: string | undefined]

/** The fields of a schema, those of nested objects as `outer.inner` and `list[].inner`. */
export function fieldsOf(schema: Schema, prefix = ''): Field[] {
  if (schema.anyOf) return schema.anyOf.flatMap((one) => fieldsOf(one, prefix))
  if (schema.items) return fieldsOf(schema.items, `${prefix}[]`)
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    const mark = schema.required?.includes(name) ? '' : '?'
    return [[`${path}${mark}`, typeOf(field), field.description] as const, ...fieldsOf(field, path)]
  })
}
