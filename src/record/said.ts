import type { SQLInputValue } from 'node:sqlite'
import type { Usage } from '../agents/agent-events.ts'
import { ERROR_KINDS } from '../agents/agent-events.ts'
import { type Said, usedBy } from '../agents/said.ts'
import { numberOrNull, textOrNull } from './cells.ts'
import type { ListedRun } from './run-record.ts'

/** What an agent said of itself, beside its run; a reply may have megabytes, so it is moved like other long texts. */
export const SAID_MIGRATION = `ALTER TABLE runs ADD COLUMN model TEXT;
  ALTER TABLE runs ADD COLUMN session_id TEXT;
  ALTER TABLE runs ADD COLUMN reply TEXT;
  ALTER TABLE runs ADD COLUMN usage_input INTEGER;
  ALTER TABLE runs ADD COLUMN usage_cached INTEGER;
  ALTER TABLE runs ADD COLUMN usage_output INTEGER;
  ALTER TABLE runs ADD COLUMN usage_total INTEGER;
  ALTER TABLE runs ADD COLUMN cost_usd REAL;
  ALTER TABLE runs ADD COLUMN turns INTEGER;
  ALTER TABLE runs ADD COLUMN error_kind TEXT;`

/** The tokens of several runs together, under the names of one's columns. */
export const SESSION_USAGE = `SELECT ${['input', 'cached', 'output', 'total']
  .map((part) => `sum(usage_${part}) AS usage_${part}`)
  .join(', ')} FROM runs`

/** As columns. */
export function saidColumns(said: Said): Record<string, SQLInputValue> {
  const { input, cached, output, total } = usedBy(said) ?? NO_USAGE
  return {
    // A run that goes on in a session is of it before its agent says so.
    ...(said.sessionId !== null && { session_id: said.sessionId }),
    reply: said.reply,
    usage_input: countOrNull(input),
    usage_cached: countOrNull(cached),
    usage_output: countOrNull(output),
    usage_total: countOrNull(total),
    cost_usd: said.costUsd !== null && Number.isFinite(said.costUsd) ? said.costUsd : null,
    turns: countOrNull(said.turns),
    error_kind: said.errorKind,
  }
}

/** From a row. */
export function saidIn(
  row: Readonly<Record<string, unknown>>,
): Pick<ListedRun, 'sessionId' | 'usage' | 'costUsd' | 'turns' | 'errorKind'> {
  const usage: Usage = {
    input: numberOrNull(row.usage_input),
    cached: numberOrNull(row.usage_cached),
    output: numberOrNull(row.usage_output),
    total: numberOrNull(row.usage_total),
  }
  const isKnown = Object.values(usage).some((tokens) => tokens !== null)
  return {
    sessionId: textOrNull(row.session_id),
    usage: isKnown ? usage : null,
    costUsd: numberOrNull(row.cost_usd),
    turns: numberOrNull(row.turns),
    errorKind: ERROR_KINDS.find((kind) => kind === row.error_kind) ?? null,
  }
}

const NO_USAGE: Usage = { input: null, cached: null, output: null, total: null }

/** What an agent counts may be anything; the columns take whole numbers that JavaScript can read again. */
const countOrNull = (value: number | null) => (Number.isSafeInteger(value) ? value : null)
