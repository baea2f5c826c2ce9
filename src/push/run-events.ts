import { lengthOf } from '../base/length-of.ts'
import type { ListedRun } from '../record/run-record.ts'
import { wordsOf } from '../runs/changes/changed.ts'
import type { Held } from '../runs/holds/holds.ts'
import { hasFailed } from '../runs/outcome.ts'
import { NEWS_MS, type PushEvent } from './event.ts'

/** The end of a run; null where it is none to tell of: it goes on when people have answered, or never began. */
export function endEvent(run: ListedRun): PushEvent | null {
  const { runId, outcome, endedAt, launchedAt, name } = run
  if (outcome === null || endedAt === null || outcome === 'parked') return null
  if (launchedAt === null && outcome !== 'failed_to_start') return null
  const key = `run ${runId}`
  return {
    key,
    want: 'ends',
    at: endedAt,
    expiresAt: endedAt + NEWS_MS,
    isUrgent: false,
    after: null,
    unless: null,
    shown: {
      tag: key,
      title: `${hasFailed(run) ? 'Failed' : 'Ended'}: ${name}`,
      body: endInWords(run, endedAt),
      to: `#/runs/${runId}`,
      choices: [],
      time: null,
      isQuiet: false,
    },
  }
}

function endInWords(
  { outcome, returnCode, launchedAt, cause, verdict, changes }: ListedRun,
  endedAt: number,
): string {
  const code = outcome === 'exited' ? ` ${returnCode}` : ''
  const lasted = launchedAt === null ? '' : ` after ${lengthOf(Math.max(0, endedAt - launchedAt))}`
  const parts = [
    `${outcome?.replaceAll('_', ' ')}${code}${lasted}`,
    verdict ?? '',
    changes === null ? '' : wordsOf(changes),
    cause ?? '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

/** That the usage limit of an agent is reached. @param isOld whether it was so before this life of the service, which may have told it */
export function holdEvent({ agent, since, until, tryAt }: Held, isOld: boolean): PushEvent {
  const ofAgent = `hold ${agent} `
  return {
    key: `${ofAgent}${since}`,
    want: 'holds',
    at: since,
    expiresAt: Math.min(tryAt, since + NEWS_MS),
    isUrgent: false,
    after: null,
    // One that a run met again has another time, and is told once.
    unless: isOld ? ofAgent : null,
    shown: {
      tag: `hold ${agent}`,
      title: `Usage limit of ${agent}`,
      body:
        until === null
          ? 'It is reached. A run is tried at {time}.'
          : 'It is reached. Its runs wait until {time}.',
      to: '',
      choices: [],
      time: tryAt,
      isQuiet: false,
    },
  }
}
