import type { Ledger } from '../record/ledger.ts'
import { keptForSession, sessionKey, sessionOf, sessionsInUse } from './keep.ts'
import type { DiskSource } from './source.ts'
import { lookAt } from './walk.ts'

/** What it needs. */
export interface RecordsDeps {
  readonly dbPath: string
  readonly ledger: Pick<Ledger, 'isSessionNeeded' | 'remove' | 'assertWritable'>
  /** Whether an agent of this name can go on in a session. */
  readonly canResume: (agent: string) => boolean
}

/** The files of a database. */
const FILES = ['', '-wal', '-shm']
const PREFIX = 'run '
/** Only what lives or waits counts. */
const NEVER = Number.MAX_SAFE_INTEGER

/** The ledger: its files, and in them the runs. What is removed there is free for other runs; see `Ledger.compact`. */
export function recordsSource({ dbPath, ledger, canResume }: RecordsDeps): DiskSource {
  return {
    name: 'records',
    async measure(facts) {
      let bytes = 0
      for (const end of FILES) bytes += (await lookAt(dbPath + end))?.size ?? 0
      const used = sessionsInUse(facts.runs)
      return {
        bytes,
        remnants: facts.runs.map((run) => {
          const session = sessionOf(run)
          const isInUse = session !== null && used.has(sessionKey(session))
          return {
            what: PREFIX + run.runId,
            runId: run.runId,
            bytes: run.bytes,
            at: run.endedAt ?? run.requestedAt,
            session,
            kept: isInUse
              ? 'live'
              : keptForSession(run.endedAt, session !== null && canResume(run.agent), facts),
          }
        }),
      }
    },
    async remove({ what, session }) {
      // What cannot be written would wait in memory, and thousands of them with it.
      await ledger.assertWritable()
      if (session !== null && ledger.isSessionNeeded(session.agent, session.id, NEVER)) return false
      ledger.remove(what.slice(PREFIX.length))
      return true
    },
  }
}
