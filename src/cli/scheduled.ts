import type { CancelAnswer, ScheduledList } from '../triggers/schedule/schemas.ts'
import type { Context } from './context.ts'
import { EXIT, wrongUse } from './failure.ts'
import { duration, moment, shortId } from './human.ts'

/** `looper scheduled [cancel ID]`: the runs that wait for their time; or cancels one. */
export async function scheduled({ world, screen, client, words, options }: Context): Promise<number> {
  const [action, id] = words
  if (action !== undefined) {
    if (id === undefined || !/^\d{1,15}$/.test(id))
      throw wrongUse(
        'which one is to be cancelled?',
        'looper scheduled cancel ID; "looper scheduled" lists ids.',
      )
    const answer = await client.post<CancelAnswer>(`/scheduled/${id}/cancel`, {}, ['scheduled'])
    if (options.json) await screen.json(answer)
    else screen.say(`Cancelled ${answer.scheduled.scheduled_id} ${answer.scheduled.name}`)
    return EXIT.ok
  }
  const answer = await client.get<ScheduledList>('/scheduled', ['scheduled'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const now = world.clock.now()
  for (const { scheduled_id, name, slot, due_at, by_run_id } of answer.scheduled) {
    const when = `${moment(due_at)}, in ${duration(Date.parse(due_at) - now)}`
    const from = screen.paint('dim', `slot ${slot}, by run ${shortId(by_run_id)}`)
    screen.say(`${String(scheduled_id).padStart(4)}  ${when}  ${name}  ${from}`)
  }
  if (answer.scheduled.length === 0) screen.say('Nothing is scheduled.')
  else screen.say(screen.paint('dim', 'Cancel one with: looper scheduled cancel ID'))
  return EXIT.ok
}
