import type { Clock } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'
import type { Ledger } from '../record/ledger.ts'
import type { TablePlan } from '../record/own-tables.ts'
import type { ListedRun } from '../record/run-record.ts'
import { CLAIM_HELD, TOO_MANY_CLAIMS } from './errors.ts'

/** A name that a run holds. */
export interface Claim {
  readonly name: string
  readonly runId: string
  /** Grows with each change of holder, over all names: what comes with a lower one is out of date. */
  readonly fence: number
  /** Since when, in milliseconds since the epoch. */
  readonly since: number
}

/** A claim with the run that holds it, which lives. */
export interface Held extends Claim {
  readonly run: ListedRun
}

/** Names that runs hold, each at most one run. A claim ends with the end of its run, and by nothing else but its release. */
export interface Claims {
  /**
   * Takes a name, or tells the claim that the run has already.
   * @throws {LooperError} `LOOPER_CLAIM_HELD`, `LOOPER_CLAIMS_LIMIT`, `LOOPER_LEDGER_UNWRITABLE`
   */
  take(name: string, runId: string): Claim
  /** Lets go of a name; false where nobody held it. @throws {LooperError} as {@link take} */
  release(name: string, runId: string): boolean
  /** By name. */
  held(): Held[]
}

/** What claims are kept with. */
export interface ClaimsDeps {
  readonly ledger: Pick<Ledger, 'tablesOf' | 'listed'>
  readonly clock: Pick<Clock, 'now'>
}

/** No number is given twice, also where its row is gone. */
export const CLAIM_TABLES: TablePlan = {
  owner: 'claims',
  migrations: [
    `CREATE TABLE claims (
      fence INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      run_id TEXT NOT NULL,
      since INTEGER NOT NULL
    ) STRICT`,
  ],
}

const MOST_OF_A_RUN = 50

/** The claims on the record. Whether one is held is told by its run alone, so that nothing has to be ended. */
export function openClaims({ ledger, clock }: ClaimsDeps): Claims {
  const tables = ledger.tablesOf(CLAIM_TABLES)

  function held(): Held[] {
    const claims = tables.rows('SELECT * FROM claims ORDER BY name').map(toClaim)
    const runs = ledger.listed([...new Set(claims.map(({ runId }) => runId))])
    const live = new Map(runs.filter(({ outcome }) => outcome === null).map((run) => [run.runId, run]))
    return claims.flatMap((claim) => {
      const run = live.get(claim.runId)
      return run ? [{ ...claim, run }] : []
    })
  }

  return {
    held,
    take: (name, runId) =>
      tables.change((db) => {
        const all = held()
        const holder = all.find((claim) => claim.name === name)
        if (holder?.runId === runId) return holder
        if (holder) throw heldError(holder)
        if (all.filter((claim) => claim.runId === runId).length >= MOST_OF_A_RUN) {
          const what = `this run holds ${MOST_OF_A_RUN} names already; release one`
          throw new LooperError(TOO_MANY_CLAIMS, what)
        }
        // What ended runs left is of no use to anybody.
        const fences = JSON.stringify(all.map(({ fence }) => fence))
        db.prepare('DELETE FROM claims WHERE fence NOT IN (SELECT value FROM json_each(?))').run(fences)
        const row = db
          .prepare('INSERT INTO claims (name, run_id, since) VALUES (?, ?, ?) RETURNING *')
          .get(name, runId, Math.round(clock.now()))
        return toClaim(Object(row))
      }),
    release(name, runId) {
      const holder = held().find((claim) => claim.name === name)
      if (holder === undefined) return false
      if (holder.runId !== runId) throw heldError(holder)
      tables.change((db) => db.prepare('DELETE FROM claims WHERE fence = ?').run(holder.fence))
      return true
    },
  }
}

function heldError({ name, run, since }: Held): LooperError {
  const who = `run ${run.runId} (${run.name})`
  return new LooperError(CLAIM_HELD, `${name} is held by ${who} since ${new Date(since).toISOString()}`)
}

const toClaim = (row: Record<string, unknown>): Claim => ({
  name: String(row.name),
  runId: String(row.run_id),
  fence: Number(row.fence),
  since: Number(row.since),
})
