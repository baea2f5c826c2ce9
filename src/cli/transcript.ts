import type { Entry, TranscriptAnswer } from '../logs/transcript-schemas.ts'
import type { RunDetails } from '../runs/run-schemas.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { oneLine } from './harmless.ts'
import type { Told } from './human.ts'
import type { Screen } from './screen.ts'
import { cutTo } from './table.ts'
import { usedText } from './usage.ts'
import { endLine, following } from './watch.ts'

/** Said also where there are no colours. */
const STATE = { started: ' (not finished)', done: '', failed: ' (failed)' } as const
/** How often somebody who follows asks for what is new. */
const POLL_MS = 1000
/** As much of what a tool said is shown: its last lines, and the beginning of each. */
const OUTPUT_LINES = 5
const LINE_CELLS = 200

/** What the agent of a run said and did, and what it used; with `--follow` also what it says, until the run ends. */
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
    if (answer.complete || !options.follow) break
    await world.clock.sleep(POLL_MS, following(context).signal)
  }
  if (options.json && !options.follow) return EXIT.ok
  const run = await client.get<RunDetails & Told>(`/runs/${runId}`, ['run_id', 'outcome'])
  if (options.json) await screen.json(run)
  else tellEnd(run)
  return EXIT.ok

  function tellEnd(run: RunDetails & Told): void {
    const used = usedText(run)
    if (used !== '') screen.say(screen.paint('dim', `Usage: ${used}`))
    if (options.follow) screen.tell(`looper: ${endLine(run)}`)
  }

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
      return [
        entry.retrying ? paint('yellow', `retrying: ${entry.text}`) : paint('red', `error: ${entry.text}`),
        '',
      ]
    case 'tool': {
      const { name, input, output, state } = entry
      const head = cutTo(oneLine(`$ ${name} ${input ?? ''}`).trimEnd(), LINE_CELLS, 'end')
      const lines = (output ?? '').split('\n').filter((line) => line.trim() !== '')
      const last = lines.slice(-OUTPUT_LINES).map((line) => cutTo(line.trimEnd(), LINE_CELLS, 'end'))
      const omitted = lines.length - last.length
      return [
        paint(state === 'failed' ? 'red' : 'cyan', `${head}${STATE[state]}`),
        ...(omitted > 0 ? [`… ${omitted} more ${omitted === 1 ? 'line' : 'lines'}`, ...last] : last).map(
          (line) => paint('dim', `  ${line}`),
        ),
        '',
      ]
    }
    case 'usage':
      // Of one step, or of a whole session: what the run used is told at the end.
      return []
  }
}
