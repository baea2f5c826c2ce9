import type { Clock } from '../base/clock.ts'
import { LooperError } from '../base/errors.ts'
import { createNews } from '../base/news.ts'
import type { Ledger } from '../record/ledger.ts'
import type { Outcome } from '../runs/outcome.ts'
import { type Ask, digestOf, type Question } from './ask.ts'
import type { AskRecords, Settlement } from './ask-records.ts'
import { ASK_CHANGED, ASK_NOT_FOUND, ASK_SETTLED } from './errors.ts'
import { checkAnswer } from './question.ts'

/** What agents ask people, and what people answer, each once. */
export interface Asks extends Pick<AskRecords, 'find' | 'list' | 'noteHeard'> {
  /**
   * Asks for a run; the same question again is the same ask until its agent has heard what came of it.
   * @throws {Error} where the run asks too much already; {LooperError} `LOOPER_LEDGER_UNWRITABLE`
   */
  ask(runId: string, question: Question): { readonly ask: Ask; readonly isNew: boolean }
  /**
   * Answers an ask. @param digest that of the question which was read; null: it is not said
   * @throws {LooperError} `LOOPER_ASK_NOT_FOUND`, `LOOPER_ASK_SETTLED`, `LOOPER_ASK_CHANGED`, `LOOPER_FIELD_INVALID`
   */
  answer(id: string, answer: string, by: string | null, digest: string | null): Ask
  /** The ask as soon as it is settled, or as it stands after so many milliseconds, or when the signal aborts. */
  settled(id: string, ms: number, signal: AbortSignal): Promise<Ask | null>
  /**
   * Settles what is over: its deadline has passed, or its run has ended. In how many milliseconds there is more to settle;
   * null: nobody knows. @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`
   */
  settle(): number | null
  /** Something may have become over. */
  look(): void
  /** Resolves when something was asked or settled, or {@link look} was called, after this was called. */
  changed(): Promise<void>
}

/** What they take. */
export interface AsksDeps {
  readonly records: AskRecords
  readonly ledger: Pick<Ledger, 'listed'>
  readonly clock: Clock
  readonly newId: () => string
  /** Is told each ask that is new, and each that is settled. It must not throw. */
  readonly tell: (ask: Ask) => void
}

/** So many of a run may be open, or have been in vain of late: each of them calls people, and stands before other messages to them. */
export const MOST_UNANSWERED = 20
const IN_VAIN_MS = 3_600_000

/** The asks on the record. */
export function createAsks({ records, ledger, clock, newId, tell }: AsksDeps): Asks {
  const { next: changed, tell: look } = createNews()

  function settleOne(ask: Ask, settlement: Settlement): Ask {
    records.settle(ask.id, settlement)
    const settled = { ...ask, ...settlement }
    tell(settled)
    look()
    return settled
  }

  const withdraw = (ask: Ask, settledAt: number) =>
    settleOne(ask, { state: 'withdrawn', answer: null, answeredBy: null, settledAt })

  const expire = (ask: Ask, settledAt: number) =>
    settleOne(ask, { state: 'expired', answer: ask.defaultAnswer, answeredBy: null, settledAt })

  return {
    find: records.find,
    list: records.list,
    noteHeard: records.noteHeard,
    ask(runId, question) {
      const digest = digestOf(question)
      const same = records.unheard(runId, digest)
      if (same) {
        if (question.isParking) records.park(same.id)
        look()
        return { ask: same, isNew: false }
      }
      const askedAt = clock.now()
      const unanswered = records.unanswered(runId, askedAt - IN_VAIN_MS)
      if (unanswered >= MOST_UNANSWERED)
        throw new Error(
          `${unanswered} questions of this run are open, or nobody answered them within the last hour; wait, or decide by yourself`,
        )
      const ask = records.add({ ...question, runId, digest, askedAt }, newId)
      tell(ask)
      look()
      return { ask, isNew: true }
    },
    answer(id, answer, answeredBy, digest) {
      const found = records.find(id)
      if (found === null) throw new LooperError(ASK_NOT_FOUND, 'there is no such ask')
      if (found.state !== 'open') throw tooLate(found)
      if (isGone(found, ledger.listed([found.runId])[0]?.outcome)) throw tooLate(withdraw(found, clock.now()))
      if (digest !== null && digest !== found.digest)
        throw new LooperError(ASK_CHANGED, 'the digest is not that of this ask')
      checkAnswer(answer, found)
      const now = clock.now()
      if (isOver(found, now)) throw tooLate(expire(found, now))
      return settleOne(found, { state: 'answered', answer, answeredBy, settledAt: now })
    },
    async settled(id, ms, signal) {
      const known = new AbortController()
      let isLate = false
      const late = clock
        .sleep(ms, AbortSignal.any([signal, known.signal]))
        .catch(() => undefined)
        .then(() => {
          isLate = true
        })
      for (;;) {
        const next = changed()
        const ask = records.find(id)
        if (ask?.state !== 'open' || isLate) {
          known.abort()
          return ask
        }
        await Promise.race([next, late])
      }
    },
    settle() {
      const open = records.open()
      const now = clock.now()
      const runs = new Map(ledger.listed(open.map(({ runId }) => runId)).map((run) => [run.runId, run]))
      let nextAt = Number.POSITIVE_INFINITY
      for (const ask of open) {
        const { deadlineAt } = ask
        if (isGone(ask, runs.get(ask.runId)?.outcome)) withdraw(ask, now)
        else if (isOver(ask, now)) expire(ask, now)
        else nextAt = Math.min(nextAt, deadlineAt ?? nextAt)
      }
      return nextAt === Number.POSITIVE_INFINITY ? null : nextAt - now
    },
    look,
    changed,
  }
}

const isOver = ({ deadlineAt }: Ask, now: number) => deadlineAt !== null && deadlineAt <= now

/**
 * Whether nobody waits for it: its run ended, and does not go on when it is settled. One that was to be parked may have ended by
 * itself. @param outcome that of its run; null: it has not ended; undefined: it is not on the record
 */
export const isGone = ({ isParking }: Ask, outcome: Outcome | null | undefined): boolean =>
  outcome !== null &&
  outcome !== 'parked' &&
  !(isParking && (outcome === 'exited' || outcome === 'signaled' || outcome === 'lost'))

/** What whoever comes too late is told. */
function tooLate({ state, answeredBy }: Ask): LooperError {
  const by = answeredBy === null ? '' : ` by ${answeredBy}`
  const passed = state === 'expired' ? 'its deadline has passed' : 'its run has ended'
  const why = state === 'answered' ? `it was answered already${by}` : passed
  return new LooperError(ASK_SETTLED, `this ask cannot be answered any more: ${why}`)
}
