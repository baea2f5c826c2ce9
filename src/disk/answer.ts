import { timeOf } from '../base/iso-time.ts'
import type { DiskAnswer } from './schemas.ts'
import { REASONS, type Remnant } from './source.ts'
import { keptBytes, removalsOf, type Share, type Survey } from './survey.ts'

const MIB = 1_048_576
const DAY_MS = 86_400_000
/** Nobody reads more of them. */
const MOST_SHOWN = 500

/** What a survey says under a cap, as an answer. @param capBytes 0: none */
export function diskAnswer(seen: Survey, capBytes: number): DiskAnswer {
  const removals = removalsOf(seen, capBytes)
  return {
    cap_mb: capBytes === 0 ? null : Math.round(capBytes / MIB),
    bytes: Math.round(seen.bytes),
    kept_bytes: Math.round(keptBytes(seen)),
    resumable_days: seen.facts.resumableMs / DAY_MS,
    sources: seen.shares.map(shareAnswer),
    would_remove: {
      count: removals.length,
      bytes: sumOf(removals.map(({ remnant }) => remnant)),
      first: removals.slice(0, MOST_SHOWN).map(({ source, remnant: { what, runId, bytes, at } }) => ({
        source: source.name,
        what,
        run_id: runId,
        bytes,
        at: timeOf(at),
      })),
    },
  }
}

function shareAnswer({ source, bytes, remnants, problem }: Share): DiskAnswer['sources'][number] {
  const oldest = remnants.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY)
  return {
    name: source.name,
    bytes,
    count: remnants.length,
    oldest: remnants.length === 0 ? null : timeOf(oldest),
    kept: REASONS.flatMap((reason) => {
      const kept = remnants.filter((one) => one.kept === reason)
      return kept.length === 0 ? [] : { reason, count: kept.length, bytes: sumOf(kept) }
    }),
    problem,
  }
}

const sumOf = (remnants: readonly Remnant[]) => remnants.reduce((sum, { bytes }) => sum + bytes, 0)
