import type { QueueAnswer } from '../runs/queue-schemas.ts'
import type { Context } from './context.ts'
import { EXIT, wrongUse } from './failure.ts'
import { findRun } from './find-run.ts'
import { duration, labelOf } from './human.ts'

/** `looper queue [first ID]`: what waits for its slot, in order; or lets one of them be the next. */
export async function queue(context: Context): Promise<number> {
  const { world, screen, client, words, options } = context
  const [action, id] = words
  if (action !== undefined) {
    if (id === undefined) throw wrongUse('which run is to be the next one?', 'looper queue first ID')
    const runId = await findRun(client, id)
    const answer = await client.post<{ run: { run_id: string } }>(`/queue/${runId}/first`, {}, ['run'])
    if (options.json) await screen.json(answer)
    else screen.say(`${labelOf(answer.run)} is the next one of its slot`)
    return EXIT.ok
  }
  const query = options.slot === undefined ? '' : `?slot=${encodeURIComponent(options.slot)}`
  const answer = await client.get<QueueAnswer>(`/queue${query}`, ['waiting', 'slots'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const now = world.clock.now()
  const slot = options.slot ?? 'default'
  for (const [index, run] of answer.waiting.entries()) {
    const since = ` for ${duration(now - Date.parse(String(run.requested_at)))}`
    screen.say(`${String(index + 1).padStart(3)}  ${labelOf(run)}${since}, ${run.workspace}`)
  }
  if (answer.waiting.length === 0) screen.say(`Nothing waits for slot ${slot}.`)
  const others = answer.slots.filter((one) => one.slot !== slot)
  for (const other of others)
    screen.say(
      screen.paint('dim', `${other.count} wait for ${other.slot}: looper queue --slot ${other.slot}`),
    )
  return EXIT.ok
}
