import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { labelOf, type Told } from './human.ts'

interface Answer extends Told {
  readonly ok: true
  readonly run_id?: string | null
}

/** `looper autopoll pause|resume|launch`: what the autopoll does next. */
export async function autopoll({ screen, client, words, options }: Context): Promise<number> {
  const [action = ''] = words
  const answer = await client.post<Answer>(`/autopoll/${action}`, {}, ['ok'])
  if (options.json) await screen.json(answer)
  else if (action === 'pause') screen.say('Paused; "looper autopoll resume" resumes it')
  else if (action === 'resume') screen.say('Resumed; "looper status" shows when it checks next')
  else
    screen.say(
      `Launched ${answer.run_id ? labelOf({ ...answer, run_id: answer.run_id }) : 'the default prompt'}`,
    )
  return EXIT.ok
}
