import { MAX_SECONDS } from '../base/clock.ts'
import { MOST_TOKENS, MOST_USD } from '../runs/budget/budget.ts'
import { OUTCOMES } from '../runs/outcome.ts'
import { IF_RUNNING, TRIGGERS } from '../runs/run.ts'
import { ISOLATE } from '../runs/worktrees/isolation.ts'
import type { Offer } from './offers.ts'

/** An option as `node:util`'s `parseArgs` takes it, and what its value may be. */
export interface OptionForm {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** How help calls what follows it. */
  readonly value?: string
  /** What completion offers. */
  readonly complete?: 'file' | 'directory' | Offer
  /** The only values that it takes; completion offers them. */
  readonly oneOf?: readonly string[]
  /** Several of them may be given, separated by commas. */
  readonly isList?: boolean
  /** The value is a number within these bounds. */
  readonly number?: { readonly min: number; readonly max: number; readonly isWhole: boolean }
}

const MANY = { min: 1, max: MOST_TOKENS, isWhole: true }

/** Every option; one name means the same thing for every command. */
export const OPTIONS = {
  prompt: { type: 'string', value: 'TEXT' },
  'prompt-file': { type: 'string', value: 'FILE', complete: 'file' },
  workspace: { type: 'string', value: 'DIR', complete: 'directory' },
  slot: { type: 'string', value: 'NAME' },
  'share-workspace': { type: 'boolean' },
  isolate: { type: 'string', value: 'HOW', oneOf: ISOLATE },
  'no-tools': { type: 'boolean' },
  'if-running': { type: 'string', value: 'WHAT', oneOf: IF_RUNNING },
  agent: { type: 'string', value: 'NAME', complete: 'agents' },
  model: { type: 'string', value: 'NAME' },
  'system-prompt': { type: 'string', value: 'TEXT' },
  'system-prompt-file': { type: 'string', value: 'FILE', complete: 'file' },
  resume: { type: 'string', value: 'ID', complete: 'runs' },
  continue: { type: 'boolean' },
  'max-tokens': { type: 'string', value: 'N', number: { min: 0, max: MOST_TOKENS, isWhole: true } },
  'max-cost-usd': { type: 'string', value: 'N', number: { min: 0, max: MOST_USD, isWhole: false } },
  verify: { type: 'string', value: 'COMMAND' },
  'verify-timeout-seconds': {
    type: 'string',
    value: 'N',
    number: { min: 0, max: MAX_SECONDS, isWhole: false },
  },
  session: { type: 'string', value: 'WHICH', oneOf: ['fresh', 'continue'] },
  'interval-seconds': { type: 'string', value: 'N', number: { min: 0, max: MAX_SECONDS, isWhole: false } },
  monitor: { type: 'string', value: 'COMMAND' },
  'monitor-interval-seconds': {
    type: 'string',
    value: 'N',
    number: { min: 0, max: MAX_SECONDS, isWhole: false },
  },
  gate: { type: 'string', value: 'COMMAND' },
  checkpoints: { type: 'string', value: 'WHICH', oneOf: ['off', 'on'] },
  'gate-failure': { type: 'string', value: 'WHICH', oneOf: ['fail', 'go', 'skip'] },
  set: { type: 'string', value: 'TEXT' },
  versions: { type: 'boolean' },
  restore: { type: 'string', value: 'ID', number: { min: 1, max: Number.MAX_SAFE_INTEGER, isWhole: true } },
  'completion-word': { type: 'string', value: 'TEXT' },
  'max-iterations': { type: 'string', value: 'N', number: MANY },
  'max-seconds': { type: 'string', value: 'N', number: { ...MANY, isWhole: false } },
  'max-unchanged': { type: 'string', value: 'N', number: MANY },
  'max-same-failures': { type: 'string', value: 'N', number: MANY },
  wait: { type: 'boolean' },
  follow: { type: 'boolean', short: 'f' },
  plan: { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  transcript: { type: 'boolean' },
  'verify-log': { type: 'boolean' },
  tail: { type: 'string', value: 'N', number: { min: 0, max: 999_999_999, isWhole: true } },
  limit: { type: 'string', value: 'N', number: { min: 1, max: 500, isWhole: true } },
  outcome: { type: 'string', value: 'LIST', oneOf: ['live', 'failed', ...OUTCOMES], isList: true },
  failed: { type: 'boolean' },
  all: { type: 'boolean' },
  trigger: { type: 'string', value: 'NAME', oneOf: TRIGGERS },
  since: { type: 'string', value: 'WHEN' },
  choices: { type: 'string', value: 'LIST' },
  default: { type: 'string', value: 'TEXT' },
  deadline: { type: 'string', value: 'AGE' },
  park: { type: 'boolean' },
  ref: { type: 'string', value: 'WHAT' },
  scope: { type: 'string', value: 'SCOPE', oneOf: ['read', 'answer', 'run', 'admin'] },
  'dry-run': { type: 'boolean' },
  'cap-mb': { type: 'string', value: 'N', number: { min: 1, max: 1_000_000_000, isWhole: true } },
  days: { type: 'string', value: 'N', number: { min: 0.001, max: 36_500, isWhole: false } },
  file: { type: 'string', value: 'FILE', complete: 'file' },
  url: { type: 'string', value: 'URL' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const satisfies Readonly<Record<string, OptionForm>>

/** The name of an option. */
export type OptionName = keyof typeof OPTIONS

/** All names of options, in the order of help. */
export const OPTION_NAMES = Object.keys(OPTIONS).filter((name): name is OptionName =>
  Object.hasOwn(OPTIONS, name),
)

/** The form of an option. */
export const formOf = (name: OptionName): OptionForm => OPTIONS[name]

/** What a limit is called that is none. */
export const UNLIMITED = 'unlimited'

interface Fault {
  readonly what: string
  readonly remedy: string
}

/**
 * Why an option does not take a value, and what it takes instead; null where it takes it.
 * @param isLimit whether it is a limit for this command: then it takes a number above 0, or the word for none
 */
export function faultOf(name: OptionName, value: string, isLimit: boolean): Fault | null {
  const { oneOf, isList = false, number } = formOf(name)
  if (oneOf) {
    const wrong = (isList ? value.split(',') : [value]).find((one) => !oneOf.includes(one))
    if (wrong === undefined) return null
    const several = isList ? 'one or more, separated by commas,' : 'one'
    return { what: `--${name} cannot be "${wrong}"`, remedy: `Use ${several} of: ${oneOf.join(', ')}.` }
  }
  if (number) {
    const { min, max, isWhole } = number
    if (isLimit && value === UNLIMITED) return null
    const given = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
    const isEnough = isLimit ? given > 0 : given >= min
    if (isEnough && given <= max && (!isWhole || Number.isSafeInteger(given))) return null
    const kind = isWhole ? 'a whole number' : 'a number'
    if (isLimit) {
      const what = given === 0 ? `--${name} 0 is no limit` : `--${name} cannot be "${value}"`
      return { what, remedy: `Use ${kind} above 0, or "${UNLIMITED}" where it is to end nothing.` }
    }
    return { what: `--${name} cannot be "${value}"`, remedy: `Use ${kind} from ${min} to ${max}.` }
  }
  return null
}
