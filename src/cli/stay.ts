import { endedRun, tellBadEnd } from './bad-end.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { type End, follow } from './follow.ts'
import { shortId } from './human.ts'
import { spinning } from './spinner.ts'
import { endLine, following, showToEnd } from './watch.ts'

/** Waits for the end of a run that was begun; resolves with its return code as an exit status. */
export async function stay(context: Context, answer: object, runId: string): Promise<number> {
  const { world, screen, client, options } = context
  if (options.follow && options.json) await screen.json(answer)
  try {
    if (options.follow) return exitOf(await showToEnd(context, runId, ''))
    const end = await spinning(context, `${shortId(runId)} is running`, () =>
      // Only its end matters; the last line is enough to wait behind.
      follow(client, runId, { ...following(context), start: 'tail=1', take: async () => undefined }),
    )
    if (options.json) await screen.json({ ...answer, ...end })
    else {
      const run = await endedRun(context, end)
      screen.say(endLine(run))
      await tellBadEnd(context, run, true)
    }
    return exitOf(end)
  } catch (error) {
    const id = shortId(runId)
    if (world.interrupted.aborted) {
      screen.tell(
        `looper: the run continues; "looper logs -f ${id}" follows it, "looper stop ${id}" stops it`,
      )
    }
    throw error
  }
}

/**
 * A signal as shells tell it; a run whose end nobody saw has failed, one that ended well has what its check says, and one that
 * is parked is not done, however its agent ended.
 */
function exitOf({ return_code, outcome, verdict }: End): number {
  if (outcome === 'parked') return EXIT.busy
  if (return_code === null) return EXIT.failed
  if (return_code === 0 && (verdict === 'refuted' || verdict === 'unverified')) return EXIT[verdict]
  return return_code < 0 ? 128 - return_code : return_code
}
