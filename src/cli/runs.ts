import { realpathSync } from 'node:fs'
import path from 'node:path'
import type { RunSummary } from '../runs/run-schemas.ts'
import { shortChanges } from './changes.ts'
import type { Context } from './context.ts'
import { EXIT, wrongUse } from './failure.ts'
import type { RunPage } from './find-run.ts'
import { duration, hasFailed, nameOf, outcomeOf, shortId, styleOf, type Told, tookMs } from './human.ts'
import { type Cell, type Column, table } from './table.ts'
import { costOf, shortTokens } from './usage.ts'
import { whenOf } from './when.ts'

const DEFAULT_LIMIT = '20'
const FAILED = 'failed'
const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'OUTCOME' },
  { title: 'NAME', min: 16, cut: 'end' },
  { title: 'AGE' },
  { title: 'TOOK' },
  { title: 'AGENT', dropRank: 2, mayBeEmpty: true },
  { title: 'MODEL', min: 12, cut: 'end', dropRank: 6, mayBeEmpty: true },
  { title: 'TOKENS', dropRank: 5, mayBeEmpty: true },
  { title: 'COST', dropRank: 3, mayBeEmpty: true },
  { title: 'CHANGES', dropRank: 7, mayBeEmpty: true },
  { title: 'BY', dropRank: 4 },
  { title: 'WORKSPACE', min: 12, dropRank: 1 },
]

/** `looper runs`: the runs on the record, newest first. */
export async function runs({ world, screen, client, options }: Context): Promise<number> {
  const now = world.clock.now()
  const query = new URLSearchParams({ limit: options.limit ?? DEFAULT_LIMIT })
  const { outcome, trigger, slot, workspace, since } = options
  if (options.failed && outcome !== undefined) throw wrongUse('use --failed or --outcome, not both')
  if (options.failed) query.set('outcome', FAILED)
  if (outcome !== undefined) query.set('outcome', outcome)
  if (trigger !== undefined) query.set('trigger', trigger)
  if (slot !== undefined) query.set('slot', slot)
  if (workspace !== undefined) query.set('workspace', realWorkspace(path.resolve(world.cwd, workspace)))
  if (since !== undefined) query.set('since', whenOf(since, now))
  const answer = await client.get<RunPage>(`/runs?${query}`, ['runs'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  if (answer.runs.length === 0) {
    const isNarrowed = [outcome, trigger, slot, workspace, since, options.failed].some(Boolean)
    screen.tell(isNarrowed ? 'looper: no run matches' : 'looper: there are no runs yet')
    return EXIT.ok
  }
  const rows = answer.runs.map((run: RunSummary & Told): Cell[] => {
    const took = tookMs(run, now)
    return [
      { text: shortId(run.run_id) },
      { text: marked(run), paint: (text) => screen.paint(styleOf(run), text) },
      { text: nameOf(run) },
      { text: run.requested_at === null ? '' : duration(now - Date.parse(run.requested_at)) },
      { text: took === null ? '' : duration(took) },
      { text: agentOf(run) },
      { text: modelOf(run) },
      { text: shortTokens(run) },
      { text: costOf(run) },
      { text: shortChanges(run) },
      { text: run.caller ?? run.trigger },
      { text: run.workspace },
    ]
  })
  for (const line of table(COLUMNS, rows, screen.width)) screen.say(line)
  return EXIT.ok
}

const agentOf = ({ agent = '' }: Told): string => agent
const modelOf = ({ model }: Told): string => model ?? ''

/** An outcome with a mark in front of it, so that failures are seen also without colours. */
function marked(run: RunSummary & Told): string {
  const style = styleOf(run)
  const mark = hasFailed(run) || style === 'red' ? '✗' : style === 'green' ? '✓' : ' '
  return `${mark} ${outcomeOf(run)}`
}

/** The service records real paths; a directory that is not there is asked for as it was given. */
function realWorkspace(dir: string): string {
  try {
    return realpathSync(dir)
  } catch {
    return dir
  }
}
