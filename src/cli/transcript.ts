import type { Entry, TranscriptAnswer } from '../logs/transcript-schemas.ts'
import type { RunDetails } from '../runs/schemas.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import type { Told } from './human.ts'
import type { Screen } from './screen.ts'
import { endLine, following } from './watch.ts'

/** How often somebody who follows asks for what is new. */
const POLL_MS = 1000
/** As much of what a tool said is shown. */
const OUTPUT_LINES = 5
const INPUT_CHARACTERS = 200

/** What the agent of a run said and did; with `--follow` also what it says, until the run ends. */
export async function showTranscript(context: Context, runId: string): Promise<number> {
  const { world, screen, client, options } = context
  for (let after = 0; ; ) {
    const answer = await client.get<TranscriptAnswer>(`/runs/${runId}/transcript?after=${after}`, ['entries'])
    // A call that has not ended is shown when it has; what follows it, then.
    const open = answer.entries.findIndex(
      ({ kind, ...entry }) => 'state' in entry && entry.state === 'started',
    )
    const isHeld = open !== -1 && options.follow === true && !answer.complete
    const entries = isHeld ? answer.entries.slice(0, open) : answer.entries
    for (const entry of entries) await show(entry)
    after = entries.at(-1)?.seq ?? after
    if (!isHeld && answer.next_after !== null) continue
    if (!options.follow) return EXIT.ok
    if (answer.complete) break
    await world.clock.sleep(POLL_MS, following(context).signal)
  }
  const run = await client.get<RunDetails & Told>(`/runs/${runId}`, ['run_id', 'outcome'])
  if (options.json) await screen.json(run)
  else screen.tell(`looper: ${endLine(run)}`)
  return EXIT.ok

  async function show(entry: Entry): Promise<void> {
    if (options.json) await screen.json(entry)
    else for (const line of linesOf(entry, screen.paint)) screen.say(line)
  }
}

/** An entry as lines for people. */
function linesOf(entry: Entry, paint: Screen['paint']): string[] {
  switch (entry.kind) {
    case 'text':
      return [...entry.text.trimEnd().split('\n'), '']
    case 'error':
      return [paint(entry.retrying ? 'yellow' : 'red', entry.text), '']
    case 'tool': {
      const { name, input, output, state } = entry
      const head = `$ ${name} ${input ?? ''}`.trimEnd().replaceAll('\n', ' ').slice(0, INPUT_CHARACTERS)
      const last = (output ?? '').trimEnd().split('\n').slice(-OUTPUT_LINES)
      return [
        paint(state === 'failed' ? 'red' : 'cyan', head),
        ...last.filter((line) => line !== '').map((line) => paint('dim', `  ${line}`)),
        '',
      ]
    }
    case 'usage':
      return []
  }
}
