import { orNull, Type } from '../../base/schema.ts'
import { VERDICTS } from './verdict.ts'

const Verdict = Type.Union([Type.Enum([...VERDICTS]), Type.Null()], {
  description:
    'What the check said; verified: it exited with 0; refuted: with anything else; unverified: nobody can say. Null: nothing ' +
    'checks the run, or it has not ended.',
})
const VerdictCause = Type.Union([Type.String(), Type.Null()], { description: 'Why it is not verified.' })

/** What a run tells of the check of its work. */
export const CHECK_SUMMARY = {
  verify: Type.Union([Type.String(), Type.Null()], {
    description: 'The command line that checks what the agent did, when it has ended well.',
  }),
  verify_timeout_seconds: orNull(Type.Number()),
  verdict: Verdict,
  verdict_cause: VerdictCause,
  verify_return_code: orNull(Type.Number()),
}

/** The same in an answer that waited for the end. */
export const CHECK_ANSWER = { verdict: Type.Optional(Verdict), verdict_cause: Type.Optional(VerdictCause) }
