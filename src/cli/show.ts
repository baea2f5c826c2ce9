import type { RunDetails } from '../runs/schemas.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { findRun, presentRun } from './find-run.ts'
import {
  duration,
  hasFailed,
  moment,
  nameOf,
  outcomeOf,
  shortId,
  styleOf,
  type Told,
  tookMs,
} from './human.ts'
import { lastLines } from './last-lines.ts'
import { usedText } from './usage.ts'

const LINES = 10
const LABEL_CELLS = 11
/** As much of the last that the agent said. */
const REPLY_LINES = 20

/** `looper show [ID]`: all about one run. */
export async function show({ world, screen, client, words, options }: Context): Promise<number> {
  const [id] = words
  const runId = id === undefined ? await presentRun(client) : await findRun(client, id)
  const run = await client.get<RunDetails & Told>(`/runs/${runId}`, ['run_id', 'outcome', 'workspace'])
  if (options.json) {
    await screen.json(run)
    return EXIT.ok
  }
  const { paint } = screen
  const now = world.clock.now()
  const took = tookMs(run, now)
  const row = (label: string, text: string | null | undefined) => {
    if (text) screen.say(`${paint('dim', label.padEnd(LABEL_CELLS))}${text}`)
  }
  const at = (time: string | null) =>
    time === null ? null : `${moment(time)}, ${duration(now - Date.parse(time))} ago`
  const failed = hasFailed(run) ? ' (failed)' : ''

  screen.say(paint('bold', nameOf(run) || shortId(run.run_id)))
  row('run', run.run_id)
  row('outcome', paint(styleOf(run), `${outcomeOf(run)}${failed}`))
  row('cause', run.cause)
  row('remedy', run.remedy)
  row('by', run.caller === null ? run.trigger : `${run.caller} (${run.trigger})`)
  row('requested', at(run.requested_at))
  row('started', at(run.started_at))
  row('ended', at(run.ended_at))
  row('took', took === null ? null : duration(took))
  row('workspace', run.workspace)
  row('agent', [run.agent, run.model].filter(Boolean).join(', '))
  row('session', run.session_id)
  row('usage', usedText(run))
  row('command', run.command)
  row('log', run.log_path)
  if (run.reply) {
    screen.say('')
    for (const line of run.reply.split('\n').slice(-REPLY_LINES)) screen.say(line)
  }
  const lines = await lastLines(client, runId, LINES)
  if (lines.length > 0) screen.say('')
  for (const line of lines) screen.say(`${paint('dim', '>')} ${line}`)
  return EXIT.ok
}
