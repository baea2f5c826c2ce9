import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { findRun, presentRun } from './find-run.ts'
import { showAnswer } from './show-answer.ts'

/** `looper diff [ID]`: what a run changed. */
export async function diff(context: Context): Promise<number> {
  const { client, words } = context
  const [id] = words
  const runId = id === undefined ? await presentRun(client) : await findRun(client, id)
  const answer = await client.open(`/runs/${runId}/diff`, { accept: 'text/x-diff, application/json' })
  await showAnswer(context, runId, 'diff', answer)
  return EXIT.ok
}
