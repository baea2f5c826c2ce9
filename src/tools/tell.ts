import { randomUUID } from 'node:crypto'
import { Type } from '../base/schema.ts'
import type { Notices } from '../notices/notices.ts'
import type { Ledger } from '../record/ledger.ts'
import { checkText } from '../runs/prompt.ts'
import { type Tool, tool } from './tool.ts'

/** What it takes. */
export interface TellDeps {
  readonly notices: Pick<Notices, 'tell'>
  readonly ledger: Pick<Ledger, 'outboxCounts'>
}

const MOST_CHARACTERS = 4000
/** Who talks faster than the other side takes it is told to stop. */
const MOST_WAITING = 50

/** Says something to the people who get the notices. */
export const tellTool = ({ notices, ledger }: TellDeps): Tool =>
  tool({
    name: 'tell',
    description:
      'Tell the people who watch this run something: a milestone, a surprise, a result. It goes to their chat at once; nobody answers.',
    input: Type.Object(
      { message: Type.String({ minLength: 1, maxLength: MOST_CHARACTERS, description: 'Markdown.' }) },
      { additionalProperties: false },
    ),
    isReadOnly: false,
    async call({ message }, run, signal) {
      checkText(message, 'message')
      const { pending } = ledger.outboxCounts()
      if (pending >= MOST_WAITING) {
        throw new Error(`${pending} messages wait to be sent already; say it later, and in fewer messages`)
      }
      const said = { key: `tell ${randomUUID()}`, message, isUrgent: false }
      const became = await notices.tell(run, said, signal)
      return became === 'sent' ? 'Told.' : 'It is on its way, and is sent again until it arrives.'
    },
  })
