import type {
  Static,
  TArray,
  TArrayOptions,
  TBoolean,
  TEnum,
  TInteger,
  TLiteral,
  TNull,
  TNumber,
  TNumberOptions,
  TObject,
  TObjectOptions,
  TOptional,
  TProperties,
  TRecord,
  TSchema,
  TSchemaOptions,
  TString,
  TStringOptions,
  TUnion,
} from 'typebox'

/** What a value is that a schema lets through. */
export type { Static, TSchema }

/** Properties that may be absent. */
const optionals = new WeakSet<object>()

/**
 * TypeBox's builders, as far as Looper needs them: the same JSON Schema and the same types. Its own are 370 modules, and
 * loading them took as long as starting all the rest. Each signature stands for what its schema says; a test holds them
 * to TypeBox.
 */
export const Type = {
  String: string,
  Number: number,
  Integer: integer,
  Boolean: boolean,
  Null: nothing,
  Literal: literal,
  Enum: oneOf,
  Union: union,
  Array: list,
  Object: object,
  Record: record,
  Optional: optional,
}

/** What a schema lets through, or null. */
export const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Union([type, Type.Null()])

function string(options?: TStringOptions): TString
function string(options: object = {}): object {
  return { type: 'string', ...options }
}

function number(options?: TNumberOptions): TNumber
function number(options: object = {}): object {
  return { type: 'number', ...options }
}

function integer(options?: TNumberOptions): TInteger
function integer(options: object = {}): object {
  return { type: 'integer', ...options }
}

function boolean(options?: TSchemaOptions): TBoolean
function boolean(options: object = {}): object {
  return { type: 'boolean', ...options }
}

function nothing(): TNull
function nothing(): object {
  return { type: 'null' }
}

function literal<V extends string | number | boolean>(value: V): TLiteral<V>
function literal(value: unknown): object {
  return { type: typeof value, const: value }
}

function oneOf<V extends (string | number)[]>(values: readonly [...V], options?: TSchemaOptions): TEnum<V>
function oneOf(values: readonly unknown[], options: object = {}): object {
  return { enum: values, ...options }
}

function union<S extends TSchema[]>(anyOf: [...S], options?: TSchemaOptions): TUnion<S>
function union(anyOf: readonly object[], options: object = {}): object {
  return { anyOf, ...options }
}

function list<S extends TSchema>(items: S, options?: TArrayOptions): TArray<S>
function list(items: object, options: object = {}): object {
  return { type: 'array', items, ...options }
}

function object<P extends TProperties>(properties: P, options?: TObjectOptions): TObject<P>
function object(properties: Readonly<Record<string, object>>, options: object = {}): object {
  const required = Object.entries(properties).flatMap(([name, one]) => (optionals.has(one) ? [] : [name]))
  return { type: 'object', ...(required.length > 0 ? { required } : {}), properties, ...options }
}

/** The names' pattern is that of the first schema; without one, any name. */
function record<S extends TSchema>(
  name: TString,
  value: S,
  options?: TObjectOptions,
): TRecord<typeof ANY_NAME, S>
function record(name: object, value: object, options: object = {}): object {
  return {
    type: 'object',
    patternProperties: { [String(Reflect.get(name, 'pattern') ?? ANY_NAME)]: value },
    ...options,
  }
}
const ANY_NAME = '^.*$'

function optional<S extends TSchema>(schema: S): TOptional<S>
function optional(schema: object): object {
  // A copy: elsewhere the same schema may be required.
  const copy = { ...schema }
  optionals.add(copy)
  return copy
}
