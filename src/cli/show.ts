import { grouped } from '../base/counted.ts'
import { usd } from '../runs/budget/budget.ts'
import type { RunDetails } from '../runs/run-schemas.ts'
import { changesText } from './changes.ts'
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
import { leftBy } from './run-left.ts'
import { usedText } from './usage.ts'

const LINES = 10
/** Of the agent, and of what checked its work. */
const LOGS = ['log', 'verify-log'] as const
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
  const left = await leftBy(client, runId)
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
  row('check', run.verify)
  row('verdict', [run.verdict, run.verdict_cause].filter(Boolean).join(', '))
  row('by', run.caller === null ? run.trigger : `${run.caller} (${run.trigger})`)
  row('requested', at(run.requested_at))
  row('started', at(run.started_at))
  row('silent', at(run.silent_since ?? null))
  row('ended', at(run.ended_at))
  row('took', took === null ? null : duration(took))
  row('workspace', run.workspace)
  row('work tree', worktreeText(run))
  row('agent', [run.agent, run.model].filter(Boolean).join(', '))
  row('session', run.session_id)
  row('usage', usedText(run))
  row('budget', budgetText(run))
  row('changes', changesText(run))
  row('reports', left.reports)
  row('flags', left.flags)
  row('command', run.command)
  row('log', run.log_path)
  if (run.reply) {
    screen.say('')
    for (const line of run.reply.split('\n').slice(-REPLY_LINES)) screen.say(line)
  }
  for (const part of run.verdict === 'refuted' ? LOGS : LOGS.slice(0, 1)) {
    const lines = await lastLines(client, runId, LINES, part)
    if (lines.length > 0) screen.say('')
    if (lines.length > 0 && part === 'verify-log') screen.say('The last lines of its check:')
    for (const line of lines) screen.say(`${paint('dim', '>')} ${line}`)
  }
  return EXIT.ok
}

/** Its own work tree; empty where it has none. A service that is older than this command tells none. */
function worktreeText({ worktree }: Partial<RunDetails>): string {
  if (!worktree) return ''
  const { path, branch, kept } = worktree
  const now = { true: ', kept', false: ', removed', null: '' }[String(kept)]
  return `${path}, branch ${branch}${now}`
}

/** What it may use; empty where it may use all. A service that is older than this command tells none. */
function budgetText({ max_tokens, max_cost_usd }: Partial<RunDetails>): string {
  const tokens = max_tokens ? `${grouped(max_tokens)} tokens` : ''
  return [tokens, max_cost_usd ? usd(max_cost_usd) : ''].filter(Boolean).join(', ')
}
