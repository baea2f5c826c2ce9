import type { FastifyError } from 'fastify'
import { MAX_SECONDS } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'

type Found = NonNullable<FastifyError['validation']>[number]

/** What is wrong with a value, as the validator says it; of a value that may be several things, one for each. */
export interface Fault extends Pick<Found, 'instancePath' | 'keyword' | 'params'> {
  readonly data?: unknown
  /** The part of the schema that the value is not. */
  readonly parentSchema?: Readonly<Record<string, unknown>>
}

/** What callers of `POST /run` were always told. */
export const MISSING_MESSAGE = "missing 'zulip_message'"
const MESSAGE = 'zulip_message'

/** What a field is to be, where its schema alone does not say it well. */
const WANTED: Readonly<Record<string, string>> = {
  slot: 'a name of at most 64 letters, digits, ".", "_", "/" and "-", beginning with a letter or digit',
  max_tokens: 'a whole number of tokens, 0 or more',
  max_cost_usd: 'a number of US dollars, 0 or more',
  endpoint: 'an address of at most 2048 characters',
  keys: 'the keys of a subscription, as the browser gives them',
  wants: 'a list of "asks", "ends" and "holds"',
}

/** The pattern of texts that must hold a word. */
const NOT_BLANK = '\\S'

const TYPES: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'an object',
  array: 'a list',
}

/** The failure of a request that its schema does not let through: names the field, and says what it is to be. Pure. */
export function fieldError(faults: readonly [Fault, ...Fault[]]): LooperError {
  const [fault] = faults
  const { instancePath, keyword, params, data } = fault
  const field = instancePath.slice(1)
  if (keyword === 'additionalProperties') return wrong(`there is no field '${params.additionalProperty}'`)
  if (keyword === 'required') {
    if (params.missingProperty === MESSAGE) return messageMissing()
    return wrong(`missing '${field && `${field}/`}${params.missingProperty}'`)
  }
  if (field === '') return new LooperError('LOOPER_BODY_INVALID', 'the body is not a JSON object')
  if (field === MESSAGE && (data === null || typeof data === 'string')) return messageMissing()

  // Of a list or an object all of it is told.
  const [whole = ''] = field.split('/')
  const wanted = WANTED[whole]
  const word = faults.find((one) => one.keyword === 'const' && one.instancePath === instancePath)
  if (word) return mustBe(field, `${wantedBy(faults)}, or ${JSON.stringify(word.params.allowedValue)}`)
  return wanted === undefined ? mustBe(field, wantedBy(faults)) : mustBe(whole, wanted)
}

const wrong = (sentence: string) => new LooperError('LOOPER_FIELD_INVALID', sentence)
const mustBe = (field: string, wanted: string) => wrong(`'${field}' must be ${wanted}`)
const messageMissing = () => new LooperError('LOOPER_MESSAGE_MISSING', MISSING_MESSAGE)

/** What the schema of a field lets through, in words: of a field that may be several things, the first one. */
function wantedBy(faults: readonly [Fault, ...Fault[]]): string {
  const [{ keyword, params, instancePath, data, parentSchema }] = faults
  if (Array.isArray(params.allowedValues)) {
    const words = params.allowedValues.map((value) => JSON.stringify(value))
    const last = words.pop()
    return words.length === 0 ? `${last}` : `${words.join(', ')} or ${last}`
  }
  if (keyword === 'maxLength') return `a text of at most ${params.limit} characters`
  if (keyword === 'minLength') return `a text of ${params.limit} or more characters`
  if (keyword === 'pattern') return textWanted(instancePath, parentSchema)
  if (params.comparison !== undefined) return `${params.comparison} ${params.limit}`
  if (instancePath.endsWith('_seconds')) {
    // Where a text may be a number, too, it is told what is wrong with the number.
    const isNumber = typeof data === 'number' || faults.some((one) => one.keyword === 'pattern')
    return secondsWanted(isNumber ? Number(data) : Number.NaN)
  }
  return TYPES[String(params.type)] ?? 'a string'
}

function secondsWanted(seconds: number): string {
  if (seconds < 0) return '>= 0'
  return seconds > MAX_SECONDS ? `<= ${MAX_SECONDS}` : 'a number'
}

/** What a text is to look like: a schema with a pattern describes it, so that nobody has to read the pattern. */
function textWanted(
  field: string,
  { pattern, description }: NonNullable<Fault['parentSchema']> = {},
): string {
  if (field.endsWith('_id')) return 'a number'
  if (pattern === NOT_BLANK) return 'a text of more than spaces'
  const words = String(description ?? 'a string')
  return words.charAt(0).toLowerCase() + words.slice(1).replace(/\.$/, '')
}
