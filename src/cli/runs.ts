import { realpathSync } from 'node:fs'
import path from 'node:path'
import type { RunSummary } from '../runs/schemas.ts'
import type { Context } from './context.ts'
import { EXIT, wrongUse } from './failure.ts'
import type { RunPage } from './find-run.ts'
import { duration, outcomeOf, shortId, tookMs } from './human.ts'
import type { Style } from './screen.ts'
import { type Cell, table } from './table.ts'

const DEFAULT_LIMIT = '20'
const AGE_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `looper runs`: the runs on the record, newest first. */
export async function runs({ world, screen, client, options }: Context): Promise<number> {
  const now = world.clock.now()
  const query = new URLSearchParams({ limit: options.limit ?? DEFAULT_LIMIT })
  const { outcome, trigger, workspace, since } = options
  if (outcome !== undefined) query.set('outcome', outcome)
  if (trigger !== undefined) query.set('trigger', trigger)
  if (workspace !== undefined) query.set('workspace', realWorkspace(path.resolve(world.cwd, workspace)))
  if (since !== undefined) query.set('since', timeOf(since, now))
  const answer = await client.get<RunPage>(`/runs?${query}`, ['runs'])
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  if (answer.runs.length === 0) {
    screen.tell('looper: no such run')
    return EXIT.ok
  }
  const columns = [
    { title: 'ID' },
    { title: 'OUTCOME' },
    { title: 'AGE' },
    { title: 'TOOK' },
    { title: 'BY' },
    { title: 'WORKSPACE', min: 12 },
  ]
  const rows = answer.runs.map((run): Cell[] => {
    const took = tookMs(run, now)
    return [
      { text: shortId(run.run_id) },
      { text: outcomeOf(run), paint: (text) => screen.paint(styleOf(run), text) },
      { text: run.requested_at === null ? '' : duration(now - Date.parse(run.requested_at)) },
      { text: took === null ? '' : duration(took) },
      { text: run.caller ?? run.trigger },
      { text: run.workspace },
    ]
  })
  for (const line of table(columns, rows, screen.width)) screen.say(line)
  return EXIT.ok
}

/** The colour of an outcome. */
export function styleOf({ outcome, return_code }: Pick<RunSummary, 'outcome' | 'return_code'>): Style {
  switch (outcome) {
    case null:
      return 'cyan'
    case 'exited':
      return return_code === 0 ? 'green' : 'red'
    case 'replaced':
    case 'stopped':
      return 'yellow'
    case 'signaled':
    case 'timed_out':
    case 'stalled':
    case 'failed_to_start':
    case 'lost':
      return 'red'
  }
}

/** The service records real paths; a directory that is not there is asked for as it was given. */
function realWorkspace(dir: string): string {
  try {
    return realpathSync(dir)
  } catch {
    return dir
  }
}

/** A date or time as the service takes it, also from an age. */
function timeOf(since: string, now: number): string {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(since) ?? []
  const unitMs = unit === 'm' || unit === 'h' || unit === 'd' ? AGE_MS[unit] : Number.NaN
  const at = count === undefined ? Date.parse(since) : now - Number(count) * unitMs
  if (!Number.isNaN(at)) return new Date(at).toISOString()
  throw wrongUse(
    `--since cannot read "${since}"`,
    'Give a date (2026-11-01), a time (2026-11-01T08:00) or an age (90m, 12h, 7d).',
  )
}
