import { Type } from '../../base/schema.ts'
import { shortened } from '../../base/shortened.ts'
import { runOf } from '../../logs/run-of.ts'
import type { Ledger } from '../../record/ledger.ts'
import { detailsOf } from '../../runs/views.ts'
import { type PersonTool, personTool } from '../tool.ts'
import { knownFields } from './known-fields.ts'
import { RUN_ID } from './run-id.ts'

/** What it takes. */
export interface GetRunDeps {
  readonly ledger: Pick<Ledger, 'find'>
}

/** A prompt may be a mebibyte. */
const MOST_CHARACTERS = 8000

/** A run with all that is known of it, as `GET /runs/:run_id` tells it. */
export const getRunTool = ({ ledger }: GetRunDeps): PersonTool =>
  personTool({
    name: 'get_run',
    description: `Look up a run: its state, how it ended and why, its limits, changes and last reply. Longer texts are cut.`,
    input: Type.Object({ run_id: RUN_ID }, { additionalProperties: false }),
    isReadOnly: true,
    scope: 'read',
    async call({ run_id }) {
      const { prompt, reply, command, ...rest } = detailsOf(runOf(ledger, run_id))
      return knownFields({ ...rest, command: cut(command), prompt: cut(prompt), reply: cut(reply) })
    },
  })

const cut = (text: string | null) => text && shortened(text, MOST_CHARACTERS)
