import type { LedgerNotes } from '../../record/notes.ts'

/** Under this note stands who paused the autopoll, as a sentence; nothing where nobody did. */
const HELD = 'autopoll.held'
/** Under this note stands the run up to which failures count no more, as its `seq`. */
const FORGIVEN = 'autopoll.forgiven'

/** What people told the autopoll; the ledger is its memory, so it survives a restart. */
export interface Hold {
  /** Who paused it, as a sentence; null where nobody did. */
  reason(): string | null
  /** The latest run whose failure counts no more, as its `seq`. */
  forgiven(): number
  pause(caller: string | null): void
  /** Takes a pause back, and forgives the failures up to that run. */
  resume(seq: number): void
}

/** Keeps it in these notes. */
export function holdIn({ note, setNote }: LedgerNotes): Hold {
  return {
    reason: () => note(HELD) || null,
    forgiven: () => Number(note(FORGIVEN)),
    pause(caller) {
      setNote(HELD, `paused by ${caller ?? 'a request'}; POST /autopoll/resume resumes`)
    },
    resume(seq) {
      setNote(HELD, '')
      setNote(FORGIVEN, String(seq))
    },
  }
}
