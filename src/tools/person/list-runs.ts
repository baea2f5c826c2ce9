import { Type } from '../../base/schema.ts'
import type { Ledger } from '../../record/ledger.ts'
import { listAnswer } from '../../runs/list-answer.ts'
import type { RunSummary } from '../../runs/run-schemas.ts'
import { type PersonTool, personTool } from '../tool.ts'
import { knownFields } from './known-fields.ts'

/** What it takes. */
export interface ListRunsDeps {
  readonly ledger: Pick<Ledger, 'list'>
}

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100
const text = (description: string) => Type.Optional(Type.String({ maxLength: 4096, description }))

/** The runs on the record, as `GET /runs` lists them, in few words. */
export const listRunsTool = ({ ledger }: ListRunsDeps): PersonTool =>
  personTool({
    name: 'list_runs',
    description: 'List runs, newest first. One without an outcome lives or waits.',
    input: Type.Object(
      {
        limit: Type.Optional(
          Type.Integer({ minimum: 1, maximum: MAX_LIMIT, description: `Default: ${DEFAULT_LIMIT}.` }),
        ),
        cursor: text('next_cursor of the page before.'),
        outcome: text('Outcomes, separated by commas; live: not ended; failed: ended badly.'),
        slot: text('Only of this slot.'),
        workspace: text('Only in this directory.'),
        since: text('Only asked for since then, in ISO 8601.'),
      },
      { additionalProperties: false },
    ),
    isReadOnly: true,
    scope: 'read',
    async call({ limit = DEFAULT_LIMIT, ...wanted }) {
      const { runs, next_cursor } = listAnswer(ledger, { ...wanted, limit: String(limit) })
      return knownFields({ runs: runs.map(lineOf), next_cursor })
    },
  })

const lineOf = (run: RunSummary) =>
  knownFields({
    run_id: run.run_id,
    name: run.name,
    agent: run.agent,
    slot: run.slot,
    workspace: run.workspace,
    waiting: run.waiting || null,
    outcome: run.outcome,
    return_code: run.return_code,
    cause: run.cause,
    verdict: run.verdict,
    requested_at: run.requested_at,
    ended_at: run.ended_at,
  })
