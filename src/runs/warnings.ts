import { grouped } from '../base/counted.ts'
import type { Meters } from '../base/meters.ts'
import { oneLine } from '../base/one-line.ts'
import { type TellingDeps, tellAside } from '../notices/tell-aside.ts'
import type { RunRecord } from '../record/run-record.ts'
import { type Budget, usd } from './budget/budget.ts'
import type { Days, Today } from './budget/days.ts'
import type { Steps } from './steps.ts'

/** What warnings are told with. */
export interface WarningDeps extends TellingDeps {
  readonly steps: Steps
  readonly days: Pick<Days, 'onNear'>
  readonly meters: Pick<Meters, 'counter'>
}

const ID_LENGTH = 8
const NAME_LENGTH = 100

/** Tells people of each run that falls silent or has used most of its budget, and of each day that has, from now on. A notice that fails is told in the log, and changes nothing. */
export function tellWarnings({ steps, days, meters, ...telling }: WarningDeps): void {
  const silent = meters.counter({
    name: 'looper_run_silences_total',
    help: 'How often it was told that a run gives no sign of life.',
  })
  const tellPeople = tellAside(telling, 'warning.notice.fail')
  const tell = (text: string, runId: string | null) => tellPeople(text, { run_id: runId })
  steps.subscribe(({ step, run }) => {
    if (step === 'near') tell(nearOf(run), run.runId)
    if (step !== 'silent' || run.silentSince === null) return
    silent()
    tell(silenceOf(run, run.silentSince), run.runId)
  })
  days.onNear((today) => {
    telling.logger.warn({ ...today }, 'day.budget.near')
    tell(nearDayOf(today), null)
  })
}

/** The silence of a run in words. */
export function silenceOf(
  { runId, name, slot }: Pick<RunRecord, 'runId' | 'name' | 'slot'>,
  since: number,
): string {
  const id = runId.slice(0, ID_LENGTH)
  const who = `${labelOf({ runId, name })} in slot ${slot}`
  const when = new Date(since).toISOString()
  return `${who} has given no sign of life since ${when}. "looper show ${id}" shows its last lines, "looper stop ${id}" ends it.`
}

/** That most of a run's budget is used, in words. */
export const nearOf = ({ runId, name, budget }: Pick<RunRecord, 'runId' | 'name' | 'budget'>): string =>
  `${labelOf({ runId, name })} has used four fifths of its budget (${wordsOf(budget)}); it is stopped when it has used all.`

/** That most of a day's budget is used, in words. */
export const nearDayOf = ({ tokens, costUsd, cap, until }: Omit<Today, 'usedUp' | 'day'>): string =>
  `Today's runs have used four fifths of what they may: ${wordsOf({ maxTokens: tokens, maxCostUsd: costUsd })} of ${wordsOf(cap)}. ` +
  `When all is used, they are stopped, and nothing is launched before ${new Date(until).toISOString()}.`

const labelOf = ({ runId, name }: Pick<RunRecord, 'runId' | 'name'>) =>
  `Run ${runId.slice(0, ID_LENGTH)} (${oneLine(name, NAME_LENGTH)})`

function wordsOf({ maxTokens, maxCostUsd }: Budget): string {
  const parts = [maxTokens > 0 && `${grouped(maxTokens)} tokens`, maxCostUsd > 0 && usd(maxCostUsd)]
  return parts.filter(Boolean).join(', ')
}
