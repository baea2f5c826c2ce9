import { readFileSync } from 'node:fs'
import { systemClock } from '../../src/base/clock.ts'
import type { RunSummary } from '../../src/runs/run-schemas.ts'
import { getRun, listRuns } from './client.ts'
import type { Family, Member } from './family.ts'
import { BEGUN, ENDING } from './prompts.ts'

/** A promise that was not kept. */
export interface Violation {
  readonly kind: 'lost' | 'orphan' | 'double' | 'announced' | 'unfounded' | 'stuck' | 'crash'
  readonly runId: string | null
  readonly what: string
}

/** What the record is held to. */
export interface Evidence {
  readonly family: Family
  /** Runs whose wrapper was killed: their status may be unknown, and only theirs. */
  readonly wrapperKilled: ReadonlySet<string>
  /** Whether the disk was full at some moment since then: a log may lack lines, and its trailer for a while. */
  readonly wasFullSince: (epochMs: number) => boolean
  /** Runs that a caller was told of. */
  readonly accepted: ReadonlySet<string>
  readonly violated: (violation: Violation) => void
  readonly over: AbortSignal
}

/** Looks at each run on the record once it has ended. */
export interface Inspection {
  /** Looks at what has ended since the last time. */
  look(url: string): Promise<void>
  /** Waits until every run has ended, then looks; what is missing or does not end is lost. */
  conclude(url: string): Promise<void>
  /** Runs on the record, and those of them that were launched. */
  readonly runs: number
  readonly launched: number
  /** How the runs ended. */
  readonly outcomes: ReadonlyMap<string, number>
}

const LIST_LIMIT = 200
/** A sweep tells its end only when it is over; this is for a busy machine. */
const ORPHAN_LIMIT_MS = 3000
const END_LIMIT_MS = 15_000
const POLL_MS = 50

/** Nothing looked at yet. */
export function openInspection(evidence: Evidence): Inspection {
  const { family, accepted, violated, over } = evidence
  const ended = new Map<string, RunSummary>()
  const open = new Map<string, RunSummary | null>()
  const outcomes = new Map<string, number>()
  let launched = 0

  async function look(url: string, isLast = false): Promise<void> {
    const list = await listRuns(url, LIST_LIMIT, over)
    if (!list) return
    for (const run of list) if (!ended.has(run.run_id)) open.set(run.run_id, run)
    for (const runId of accepted) if (!ended.has(runId) && !open.has(runId)) open.set(runId, null)
    const listed = new Set(list.map((run) => run.run_id))
    for (const runId of [...open.keys()].filter((id) => !listed.has(id))) {
      const run = await getRun(url, runId, over)
      if (run === 'unknown') {
        open.delete(runId)
        violated({ kind: 'lost', runId, what: 'it is not on the record' })
      } else if (run) open.set(runId, run)
    }
    const living = list.filter((run) => run.started_at !== null && run.outcome === null)
    if (living.length > 1) {
      const what = `on the record, these live at once: ${living.map((run) => run.run_id).join(' ')}`
      violated({ kind: 'double', runId: living[0]?.run_id ?? null, what })
    }
    const fresh = [...open.values()]
      .filter((run) => run !== null)
      .filter((run) => run.outcome !== null && (isLast || !isAwaitingTrailer(run)))
    for (const run of fresh) settle(run)
    await findOrphans(new Set(fresh.map((run) => run.run_id)))
  }

  const wasCramped = (run: RunSummary) => evidence.wasFullSince(Date.parse(run.requested_at ?? ''))

  /** Its wrapper adds the trailer when there is room again. */
  const isAwaitingTrailer = (run: RunSummary) =>
    wasCramped(run) && run.log_path !== null && trailersIn(readLog(run.log_path) ?? '').length === 0

  function settle(run: RunSummary): void {
    open.delete(run.run_id)
    ended.set(run.run_id, run)
    if (run.started_at !== null) launched++
    outcomes.set(String(run.outcome), (outcomes.get(String(run.outcome)) ?? 0) + 1)
    const flaws = flawsOf(run, evidence.wrapperKilled.has(run.run_id), wasCramped(run))
    if (flaws.length > 0) {
      const end = `${run.outcome}, return code ${run.return_code}, cause ${run.cause}`
      violated({ kind: 'lost', runId: run.run_id, what: `${flaws.join('; ')} (${end})` })
    }
    const successor = /^replaced by run (\S+)$/.exec(run.cause ?? '')?.[1]
    const by = successor === undefined ? undefined : (ended.get(successor) ?? open.get(successor))
    if (by?.announced_at === null) {
      violated({ kind: 'unfounded', runId: run.run_id, what: `${run.cause}, which was never announced` })
    }
  }

  /** A process of a run that has ended. */
  async function findOrphans(fresh: ReadonlySet<string>): Promise<void> {
    const isOrphan = ({ cookie }: Member) => cookie !== null && fresh.has(cookie)
    const deadline = performance.now() + ORPHAN_LIMIT_MS
    let left = family.members().filter(isOrphan)
    while (left.length > 0 && performance.now() < deadline) {
      await systemClock.sleep(POLL_MS, over)
      left = family.members().filter(isOrphan)
    }
    for (const member of left) {
      violated({ kind: 'orphan', runId: member.cookie, what: `pid ${member.pid} outlived it` })
      family.signal(member, 'SIGKILL')
    }
  }

  return {
    look,
    async conclude(url) {
      const deadline = performance.now() + END_LIMIT_MS
      await look(url)
      while (open.size > 0 && performance.now() < deadline) {
        await systemClock.sleep(POLL_MS, over)
        await look(url)
      }
      await look(url, true)
      for (const runId of open.keys()) violated({ kind: 'lost', runId, what: 'it has no end on the record' })
    },
    get runs() {
      return ended.size + open.size
    },
    get launched() {
      return launched
    },
    outcomes,
  }
}

/** What is wrong with the end of a run. */
function flawsOf(run: RunSummary, wrapperKilled: boolean, wasCramped: boolean): string[] {
  const flaws: string[] = []
  const expect = (holds: boolean, flaw: string) => {
    if (!holds) flaws.push(flaw)
  }
  expect(run.ended_at !== null, 'it has no time of its end')
  expect(run.outcome !== 'lost' || wrapperKilled, 'lost, though nobody killed its wrapper')
  if (run.log_path === null) {
    expect(run.started_at === null, 'it was launched without a log')
    return flaws
  }
  const log = readLog(run.log_path)
  if (log === null) return [`its log is gone: ${run.log_path}`]

  const trailers = trailersIn(log)
  const [trailer] = trailers
  const hasBegun = log.includes(`\n${BEGUN}\n`)
  expect(trailers.length === 1, `its log has ${trailers.length} trailers: ${trailers.join(', ')}`)
  if (trailer === 'unknown') {
    expect(run.return_code === null, 'its log says unknown')
    expect(wrapperKilled || !hasBegun, 'its log says unknown, though nobody killed its wrapper')
  } else if (trailer !== undefined) {
    expect(run.return_code === Number(trailer), `its log says ${trailer}`)
  }
  expect(run.outcome !== 'failed_to_start' || !hasBegun, 'its agent did start')
  const told = new RegExp(`^${ENDING}(\\d+)$`, 'm').exec(log)?.[1]
  expect(
    run.outcome !== 'exited' || told === undefined || wasCramped || run.return_code === Number(told),
    `its agent ended with ${told}`,
  )
  return flaws
}

function trailersIn(log: string): string[] {
  return [...log.matchAll(/^# codex_exec_return_code=(.*)$/gm)].map((found) => String(found[1]))
}

function readLog(file: string): string | null {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return null
  }
}
