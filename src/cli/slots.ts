import type { SlotAnswer, SlotList } from '../runs/slot-schemas.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { duration, livingOf, outcomeOf, shortId } from './human.ts'

/** A slot; a service that is older than this command does not count. */
type Told = Omit<SlotAnswer, 'waiting_count'> & { readonly waiting_count?: number }

/** `looper slots`: what runs in each slot, what is being launched there, and who waits. */
export async function slots(context: Context): Promise<number> {
  const { world, screen, client, options } = context
  const answer = await client.get<SlotList>('/slots', ['slots', 'max_runs'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const now = world.clock.now()
  const { paint } = screen
  const cells = Math.max(...answer.slots.map(({ slot }) => slot.length))
  for (const slot of answer.slots) {
    const [first = paint('dim', 'free'), ...more] = linesOf(slot)
    screen.say(`${paint('bold', slot.slot.padEnd(cells))}  ${first}`)
    for (const line of more) screen.say(`${' '.repeat(cells)}  ${line}`)
  }
  screen.say(paint('dim', `At most ${answer.max_runs} runs at a time (LOOPER_MAX_RUNS).`))
  return EXIT.ok

  function linesOf({ run, launch, waiting, waiting_count = waiting.length }: Told): string[] {
    const since = (at: string) => duration(now - Date.parse(at))
    const who = (id: string | null) => (id === null ? 'a request that only stops' : shortId(id))
    return [
      ...(run ? [`${paint('cyan', outcomeOf(run))} ${livingOf(run, now)}, ${run.workspace}`] : []),
      ...(launch
        ? [
            `launching ${who(launch.run_id)} for ${since(launch.since)}, at ${launch.step.replaceAll('_', ' ')}`,
          ]
        : []),
      ...waiting.map(({ run_id, since: at }) => `waiting ${who(run_id)} for ${since(at)}`),
      ...(waiting_count > waiting.length ? [`and ${waiting_count - waiting.length} more wait`] : []),
    ]
  }
}
