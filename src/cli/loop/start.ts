import type { OneLoop } from '../../triggers/loop/schemas.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { isLoss, PATIENCE, waitAfter } from '../follow.ts'
import { following } from '../watch.ts'
import { roundLine } from './history.ts'
import { newestRounds, type RoundTold } from './rounds.ts'
import { type LoopTold, standing } from './words.ts'

const POLL_MS = 1000
/** More than can end between two looks. */
const LOOKED_AT = 100

/** `looper loop start NAME`: begins with the first round; with `--follow` it stays until the loop ends or pauses. */
export async function startLoop(context: Context, name: string): Promise<number> {
  const { client, screen, options, world } = context
  const [newest] = options.follow ? await newestRounds(client, name, 1) : []
  const answer = await client.post<OneLoop>(`/loops/${name}/start`, {}, ['loop'])
  if (options.json) await screen.json(answer)
  else screen.say(standing(answer.loop, world.clock.now()))
  if (!options.follow) return EXIT.ok
  try {
    return await follow(context, name, newest)
  } catch (error) {
    if (world.interrupted.aborted)
      screen.tell(
        `looper: the loop goes on; "looper loop status ${name}" shows it, "looper loop stop ${name}" ends it`,
      )
    throw error
  }
}

/** Shows rounds as they end; resolves with the exit status when the loop ends, or pauses until somebody lets it go on. */
async function follow(context: Context, name: string, newest: RoundTold | undefined): Promise<number> {
  const { client, screen, options, world } = context
  // One that runs has not been seen to its end.
  let seen = newest === undefined ? 0 : newest.ended_at === null ? newest.round_id - 1 : newest.round_id
  let failures = 0
  for (;;) {
    try {
      // In this order: of a loop that has ended, all rounds have.
      const { loop } = await client.get<OneLoop>(`/loops/${name}`, ['loop'])
      const rounds = await newestRounds(client, name, LOOKED_AT)
      failures = 0
      const ended = rounds.filter(({ round_id, ended_at }) => round_id > seen && ended_at !== null).reverse()
      for (const round of ended) {
        seen = round.round_id
        if (options.json) await screen.json(round)
        else screen.say(roundLine(round, world.clock.now()))
      }
      const status = restingStatus(loop)
      if (status !== null) {
        if (options.json) await screen.json({ loop })
        else screen.say(standing(loop, world.clock.now()))
        return status
      }
    } catch (error) {
      failures++
      if (!isLoss(error) || world.interrupted.aborted || failures > PATIENCE.tries) throw error
      await waitAfter(error, failures, { ...following(context), patience: PATIENCE })
      continue
    }
    await world.clock.sleep(POLL_MS, world.interrupted)
  }
}

/** The exit status of a loop that does nothing by itself any more; null: it does. */
function restingStatus({ state, cause, definition }: LoopTold): number | null {
  if (state === 'paused') return cause === 'quota' || cause === 'disk' ? null : EXIT.busy
  if (state !== 'ended') return null
  if (cause === 'stopped') return EXIT.failed
  if (cause === 'verified' || cause === 'completed') return EXIT.ok
  return definition.verify || definition.completion_word ? EXIT.refuted : EXIT.ok
}
