import type { Inspection, Violation } from './promises.ts'
import { firstAndLast, type Life } from './service.ts'

/** What the soak counted. */
export interface Figures {
  readonly seed: number
  /** When it began, by `performance.now()`. */
  readonly begin: number
  /** Looks for doubles. */
  readonly looks: number
  readonly violations: readonly Violation[]
  /** Mischief and answers by name. */
  readonly tally: ReadonlyMap<string, number>
  readonly lives: readonly Life[]
  readonly inspection: Inspection
}

/** The figures as a table. */
export function linesOf({ seed, begin, looks, violations, tally, lives, inspection }: Figures): string[] {
  const counted = (name: string) => tally.get(name) ?? 0
  const of = (kind: Violation['kind']) => violations.filter((violation) => violation.kind === kind).length
  const list = (map: ReadonlyMap<string, number>) => [...map].map(([name, n]) => `${n} ${name}`).join(', ')
  // Other tallies have names of two words.
  const answers = new Map([...tally].filter(([name]) => /^(\d|[a-z]+$)/.test(name)))
  // Each restart begins anew, so only a long life can tell a leak.
  const [longest] = lives.toSorted((a, b) => b.usage.length - a.usage.length)
  const usage = longest?.usage ?? []
  const [rssFirst, rssLast] = firstAndLast(usage, 'rssMb')
  const [fdFirst, fdLast] = firstAndLast(usage, 'descriptors')
  const lived = Math.round((usage.at(-1)?.ageMs ?? 0) / 1000)
  const rows: readonly (readonly [string, string | number])[] = [
    ['seed', seed],
    ['runs', inspection.runs],
    ['launched', inspection.launched],
    ['service kills', `${counted('service killed')} SIGKILL, ${counted('service stopped')} SIGTERM`],
    ['wrapper kills', counted('wrapper killed')],
    ['agent kills', counted('agent killed')],
    ['Zulip outages', counted('Zulip away')],
    ['descriptors out', counted('descriptors out')],
    ['ledger locked', counted('ledger locked')],
    ['disk full', counted('disk full')],
    ['starts refused meanwhile', counted('start refused')],
    ['lost', of('lost')],
    ['orphans', of('orphan')],
    ['doubles', of('double')],
    ['refusals that announced', of('announced')],
    ['answers, ends unfounded', of('unfounded')],
    ['stuck or crashed', of('stuck') + of('crash')],
    ['service RSS', `${rssFirst.toFixed(0)} MB at start, ${rssLast.toFixed(0)} MB at end`],
    ['open descriptors', `${fdFirst} at start, ${fdLast} at end`],
    ['', `(medians of the first and last tenth of the longest of ${lives.length} lives, ${lived} s)`],
    ['answers', list(answers)],
    ['outcomes', list(inspection.outcomes)],
    ['looks for doubles', looks],
    ['duration', `${((performance.now() - begin) / 1000).toFixed(0)} s`],
  ]
  return rows.map(([name, value]) => name.padEnd(28) + value)
}
