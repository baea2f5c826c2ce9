import { setImmediate } from 'node:timers/promises'
import { messageOf } from '../base/errors.ts'
import type { Ledger } from '../record/ledger.ts'
import type { RunRemains } from '../record/remains.ts'
import type { DiskSource, Facts, Remnant } from './source.ts'

/** What one source takes. */
export interface Share {
  readonly source: DiskSource
  readonly bytes: number
  readonly remnants: readonly Remnant[]
  /** Why it could not be measured; null: it was. */
  readonly problem: string | null
}

/** Who takes what, at one moment. */
export interface Survey {
  readonly facts: Facts
  readonly shares: readonly Share[]
  readonly bytes: number
}

/** Something that would be removed, and by whom. */
export interface Removal {
  readonly source: DiskSource
  readonly remnant: Remnant
}

/** What a survey needs. */
export interface SurveyDeps {
  readonly sources: readonly DiskSource[]
  readonly ledger: Pick<Ledger, 'remains'>
  readonly resumableMs: number
  readonly liveLogs: () => ReadonlySet<string>
}

/** Read at once; others get their turn in between. */
const PAGE = 500
/** What is over the cap is brought down to this share of it: not each end of a run has to remove something. */
const DOWN_TO = 0.95

/** Measures everything. What cannot be measured is told, and counts as nothing. @throws {Error} where the record cannot be read */
export async function survey(
  { sources, ledger, resumableMs, liveLogs }: SurveyDeps,
  now: number,
): Promise<Survey> {
  const runs: RunRemains[] = []
  for (let after = 0; ; await setImmediate()) {
    const page = ledger.remains(after, PAGE)
    runs.push(...page)
    const last = page.at(-1)
    if (!last) break
    after = last.seq
  }
  const facts: Facts = { now, resumableMs, runs, liveLogs: liveLogs() }
  const shares = await Promise.all(sources.map((source) => shareOf(source, facts)))
  return { facts, shares, bytes: shares.reduce((sum, { bytes }) => sum + bytes, 0) }
}

async function shareOf(source: DiskSource, facts: Facts): Promise<Share> {
  try {
    return { source, ...(await source.measure(facts)), problem: null }
  } catch (error) {
    return { source, bytes: 0, remnants: [], problem: messageOf(error) }
  }
}

/**
 * What has to go where all is over the cap, until it is 5 % below it, in this order: the oldest run first, and of one run the
 * sources in their order.
 * @param capBytes 0: no cap; @param isLeftAlone what cannot be removed at the moment
 */
export function removalsOf(
  { shares, bytes }: Pick<Survey, 'shares' | 'bytes'>,
  capBytes: number,
  isLeftAlone: (what: string) => boolean = () => false,
): Removal[] {
  if (capBytes === 0 || bytes <= capBytes) return []
  let excess = bytes - capBytes * DOWN_TO
  const removals: Removal[] = []
  // Sorting keeps the order of what is of the same moment.
  const all = shares.flatMap(({ source, remnants }) =>
    remnants
      .filter(({ kept, what }) => kept === null && !isLeftAlone(what))
      .map((remnant) => ({ source, remnant })),
  )
  for (const removal of all.sort((a, b) => a.remnant.at - b.remnant.at)) {
    if (excess <= 0) break
    removals.push(removal)
    excess -= removal.remnant.bytes
  }
  return removals
}

/** So many bytes stay whatever the cap: what no remnant that may go is made of. */
export function keptBytes({ shares, bytes }: Pick<Survey, 'shares' | 'bytes'>): number {
  let free = 0
  for (const { remnants } of shares) for (const one of remnants) if (one.kept === null) free += one.bytes
  return Math.max(0, bytes - free)
}
