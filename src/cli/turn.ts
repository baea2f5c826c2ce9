import type { AcceptedAnswer } from '../runs/answers.ts'
import type { RunDetails } from '../runs/run-schemas.ts'
import type { Context } from './context.ts'
import { EXIT, Failure } from './failure.ts'
import { labelOf, shortId } from './human.ts'
import { spinning } from './spinner.ts'

/** A run that waits for its slot, as `POST /run` answers. */
export type WaitingAnswer = AcceptedAnswer & { readonly run_id: string; readonly waiting_ahead: number }

const POLL_MS = 1000

/** Whether an answer tells of a run that waits. */
export function isWaiting(answer: object): answer is WaitingAnswer {
  return 'waiting_ahead' in answer
}

/** Says for people that a run waits, and how to go on. */
export function tellWaiting({ screen }: Context, { run_id, waiting_ahead: ahead }: WaitingAnswer): void {
  const label = screen.paint('bold', labelOf({ run_id }))
  screen.say(`Waiting    ${label}, ${ahead === 0 ? 'as the next one' : `behind ${ahead} more`}`)
  const id = shortId(run_id)
  screen.say(screen.paint('dim', `See all with: looper queue; cancel it with: looper stop ${id}`))
}

/** Resolves when a run that waits has begun. @throws {Failure} where it ended without */
export async function untilBegun(context: Context, runId: string): Promise<void> {
  const { client, world } = context
  const run = await spinning(context, `${shortId(runId)} is waiting`, async () => {
    for (;;) {
      const now = await client.get<RunDetails>(`/runs/${runId}`, ['waiting'])
      if (!now.waiting) return now
      await world.clock.sleep(POLL_MS, world.interrupted)
    }
  })
  if (run.started_at === null && run.outcome !== null)
    throw new Failure(EXIT.failed, `run ${shortId(runId)} did not begin: ${run.cause}`, run.remedy)
}
