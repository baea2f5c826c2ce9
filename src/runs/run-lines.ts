import { lengthOf } from '../base/length-of.ts'
import { oneLine } from '../base/one-line.ts'
import { wordsOf } from './changes/changed.ts'
import type { RunStep, Steps } from './steps.ts'

const ID_LENGTH = 8

/** As much as a line of a terminal takes, in UTF-16 units. */
const LINE_LENGTH = 300

/** Tells a terminal of each run from now on; what stands in a line, it does not obey. */
export function tellSteps(steps: Steps, tell: (line: string) => void): void {
  steps.subscribe((step) => {
    const line = lineOf(step)
    if (line !== null) tell(oneLine(line, LINE_LENGTH))
  })
}

/** What a terminal is told of a step: a line at a run's launch, when it falls silent, and at its end; null for the others. */
function lineOf({ step, run }: RunStep): string | null {
  const who = `run ${run.runId.slice(0, ID_LENGTH)}`
  if (step === 'launched') return `${clockOf(Number(run.launchedAt))} ${who} started: ${run.name}`
  if (step === 'silent' && run.silentSince !== null)
    return `${clockOf(run.silentSince)} ${who} has given no sign of life since: ${run.name}`
  if (step !== 'ended' || run.endedAt === null) return null
  const code = run.outcome === 'exited' ? ` ${run.returnCode}` : ''
  const lasted =
    run.launchedAt === null ? '' : ` after ${lengthOf(Math.max(0, run.endedAt - run.launchedAt))}`
  const why = run.cause === null ? '' : ` (${run.cause})`
  const verdict = run.verdict === null ? '' : `, ${run.verdict}`
  const words = run.changes === null ? '' : wordsOf(run.changes)
  const changed = words === '' ? '' : `, ${words}`
  const how = `${run.outcome?.replaceAll('_', ' ')}${code}${verdict}${lasted}${changed}`
  return `${clockOf(run.endedAt)} ${who} ${how}: ${run.name}${why}`
}

/** The local time of day. */
const clockOf = (ms: number) => new Date(ms).toTimeString().slice(0, 8)
