import { ERROR_KINDS } from '../agents/agent-events.ts'
import type { TranscriptEntry } from '../agents/transcript.ts'
import { orNull, type Static, Type } from '../base/schema.ts'

const NumberOrNull = orNull(Type.Number())
const TextOrNull = orNull(Type.String())
const place = {
  seq: Type.Integer({ description: 'From 1 on; the same log always gives the same numbers.' }),
  offset: Type.Integer({ description: 'The byte of the output up to which it was told.' }),
}

/** What an agent said or did. */
export const Entry = Type.Union([
  Type.Object({ ...place, kind: Type.Literal('text'), text: Type.String() }),
  Type.Object({
    ...place,
    kind: Type.Literal('tool'),
    id: Type.String(),
    name: Type.String(),
    input: TextOrNull,
    output: TextOrNull,
    state: Type.Enum(['started', 'done', 'failed']),
  }),
  Type.Object({
    ...place,
    kind: Type.Literal('usage'),
    of: Type.Enum(['step', 'session']),
    input: NumberOrNull,
    cached: NumberOrNull,
    output: NumberOrNull,
    total: NumberOrNull,
    cost_usd: NumberOrNull,
  }),
  Type.Object({
    ...place,
    kind: Type.Literal('error'),
    error: Type.Enum([...ERROR_KINDS]),
    text: Type.String(),
    retrying: Type.Boolean({ description: 'The agent goes on by itself.' }),
    until: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  }),
])
/** What an agent said or did. */
export type Entry = Static<typeof Entry>

/** The answer of `GET /runs/:run_id/transcript`. */
export const TranscriptAnswer = Type.Object(
  {
    run_id: Type.String(),
    agent: Type.String(),
    entries: Type.Array(Entry),
    next_after: Type.Union([Type.Integer(), Type.Null()], {
      description: 'The after of the next page; null: there is nothing more at present.',
    }),
    complete: Type.Boolean({ description: 'Whether the run has ended.' }),
  },
  { description: 'What was said so far; each tool call once, where it started, as it stands now.' },
)
/** The answer of `GET /runs/:run_id/transcript`. */
export type TranscriptAnswer = Static<typeof TranscriptAnswer>

/** An entry in the API's words. */
export function entryOf(entry: TranscriptEntry): Entry {
  const { seq, offset } = entry
  switch (entry.kind) {
    case 'text':
      return { seq, offset, kind: 'text', text: entry.text }
    case 'tool': {
      const { id, name, input, output, state } = entry
      return { seq, offset, kind: 'tool', id, name, input, output, state }
    }
    case 'usage': {
      const { of, input, cached, output, total, costUsd } = entry
      return { seq, offset, kind: 'usage', of, input, cached, output, total, cost_usd: costUsd }
    }
    case 'error': {
      const { error, text, retrying, until } = entry
      const when = until === null ? null : new Date(until).toISOString()
      return { seq, offset, kind: 'error', error, text, retrying, until: when }
    }
  }
}
