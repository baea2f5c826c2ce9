import { saysYes } from './consent.ts'
import type { Context } from './context.ts'
import { wrongUse } from './failure.ts'
import { askPlan, stopLine } from './plan.ts'
import { spinning } from './spinner.ts'

/**
 * Says on a terminal what a launch would stop, and asks for consent where somebody can answer; resolves with whether it
 * may go on. Without a terminal, and with `--json`, nothing is asked of anybody.
 * @throws {Failure} where consent is needed, and stdin was read for the prompt
 */
export async function mayStop(context: Context, body: object, stdinIsRead: boolean): Promise<boolean> {
  const { world, screen, options } = context
  if (!screen.isTerminal || options.json) return true
  const { would, stop } = (await spinning(context, 'checking what runs', () => askPlan(context, body))).plan
  // One that is busy refuses by itself.
  if (stop.length === 0 || would === 'busy') return true
  screen.say(screen.paint('bold', stop.length === 1 ? 'This will be stopped:' : 'These will be stopped:'))
  for (const planned of stop) screen.say(`  ${stopLine(planned)}`)
  if (options.yes || world.stdin.isTTY !== true) return true
  if (stdinIsRead) {
    throw wrongUse(
      'cannot ask on stdin, because a prompt was read from it',
      'Add --yes to stop it without a question.',
    )
  }
  return saysYes(context, 'Stop and start?')
}
