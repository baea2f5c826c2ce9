import type { DiskAnswer } from '../disk/schemas.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { moment, shortId, size } from './human.ts'
import { spinning } from './spinner.ts'

const MIB = 1_048_576
const KIB = 1024

/** Why something stays, in words. */
const WORDS: Readonly<Record<string, string>> = {
  live: 'of runs that live or wait',
  recent: 'of runs that ended just now',
  resumable: 'to resume runs',
  in_use: 'used by somebody else',
  unmerged: 'work trees with changes that are nowhere else',
}

/** `looper disk [--dry-run]`: who takes what, and what would be removed now. */
export async function disk(context: Context): Promise<number> {
  const { screen, client, options } = context
  const cap = options['cap-mb']
  const answer = await spinning(context, 'measuring', () =>
    client.get<DiskAnswer>(`/disk${cap === undefined ? '' : `?cap_mb=${cap}`}`, ['sources', 'would_remove']),
  )
  if (options.json) await screen.json(answer)
  else if (options['dry-run']) tellRemovals(context, answer)
  else tellShares(context, answer)
  return EXIT.ok
}

function tellShares({ screen }: Context, { sources, bytes, kept_bytes, cap_mb }: DiskAnswer): void {
  const { paint } = screen
  const cells = Math.max(...sources.map(({ name }) => name.length))
  for (const { name, bytes: its, count, oldest, kept, problem } of sources) {
    const since = oldest === null ? '' : `, the oldest of ${moment(oldest)}`
    screen.say(`${paint('bold', name.padEnd(cells))}  ${sizeOf(its).padStart(8)}  ${count}${since}`)
    for (const { reason, count: number, bytes: stay } of kept)
      screen.say(
        paint('dim', `${' '.repeat(cells + 12)}${number} stay (${sizeOf(stay)}) ${WORDS[reason] ?? reason}`),
      )
    if (problem !== null) screen.say(paint('yellow', `${' '.repeat(cells + 12)}${problem}`))
  }
  const most =
    cap_mb === null ? 'no cap (LOOPER_DISK_CAP_MB)' : `of at most ${size(cap_mb)} (LOOPER_DISK_CAP_MB)`
  screen.say(`${sizeOf(bytes)} in all, ${most}`)
  if (cap_mb !== null && kept_bytes > cap_mb * MIB)
    screen.say(
      paint(
        'yellow',
        `${sizeOf(kept_bytes)} of it stay whatever the cap: raise it, or lower LOOPER_RESUMABLE_DAYS`,
      ),
    )
}

function tellRemovals(
  { screen }: Context,
  { would_remove: { count, bytes, first }, cap_mb }: DiskAnswer,
): void {
  if (count === 0) {
    screen.say(
      cap_mb === null
        ? 'Nothing is removed: there is no cap. See what one would remove: looper disk --dry-run --cap-mb 1000'
        : 'Nothing would be removed now.',
    )
    return
  }
  for (const { what, bytes: its, at, run_id } of first) {
    const run = run_id === null || what.endsWith(run_id) ? '' : ` (run ${shortId(run_id)})`
    screen.say(`${moment(at)}  ${sizeOf(its).padStart(8)}  ${what}${run}`)
  }
  if (count > first.length) screen.say(`and ${count - first.length} more`)
  screen.say(`${count} would be removed, ${sizeOf(bytes)} in all`)
}

/** A size in whole kibibytes, or in mebibytes where it has many of them. */
const sizeOf = (bytes: number) =>
  bytes < 10 * MIB ? `${Math.ceil(bytes / KIB)} KB` : size(Math.round(bytes / MIB))
