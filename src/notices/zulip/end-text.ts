import { grouped } from '../../base/counted.ts'
import { lengthOf } from '../../base/length-of.ts'
import type { Redact } from '../../logging/redact.ts'
import { wordsOf } from '../../runs/changes/changed.ts'
import type { Outcome } from '../../runs/outcome.ts'
import type { EndedRun } from '../notice.ts'
import { withoutMentions } from '../without-mentions.ts'
import { cut, MAX_CODE_POINTS, pointsIn } from './code-points.ts'
import { lastLines } from './last-lines.ts'

/** What stays of a notice, so that there is room for the end. */
const NOTICE_POINTS = 8500
const CAUSE_POINTS = 300
/** For the ends of blocks that are open. */
const CLOSING_POINTS = 200
/** A fence has to be longer than these, and there would be no room left for it. */
const LONG_RUNS = /(`{20}|~{20})[`~]+/g

const SIGNS: Readonly<Record<Outcome, string>> = {
  exited: '❌',
  signaled: '❌',
  replaced: '♻',
  stopped: '⏹',
  parked: '⏸',
  timed_out: '⏱',
  stalled: '💤',
  over_budget: '💸',
  failed_to_start: '🚫',
  lost: '❓',
}

/** Of a run whose agent ended well. */
const signOf = (verdict: EndedRun['verdict']) =>
  verdict === 'refuted' ? '❌' : verdict === 'unverified' ? '❓' : '✅'

/** A run's notice with its end below it. */
export function editedNotice(run: EndedRun, output: string, redact: Redact): string {
  return withEnd(closed(cut(run.noticeText ?? '', NOTICE_POINTS)), run, output, redact)
}

/** A message of its own that tells a run's end. */
export function endNotice(run: EndedRun, output: string, redact: Redact): string {
  return withEnd(`Run \`${run.runId}\`: ${withoutMentions(run.name)}`, run, output, redact)
}

/** What a run's agent says to people: it pings nobody, it shows whose words they are, and nothing that follows lands in them. */
export function toldNotice({ name }: Pick<EndedRun, 'name'>, message: string, redact: Redact): string {
  const words = quotable(cut(withoutMentions(redact(message)).replace(LONG_RUNS, '$1'), NOTICE_POINTS))
  // Longer than any fence in it.
  const fence = '`'.repeat(1 + Math.max(2, ...[...words.matchAll(/`+/g)].map(([ticks]) => ticks.length)))
  return `💬 ${withoutMentions(name)}:\n${fence}quote\n${words}\n${fence}`
}

/** The same with its blocks closed; where there are more of them than anybody writes, without any. */
function quotable(words: string): string {
  const whole = closed(words)
  if (pointsIn(whole) <= NOTICE_POINTS + CLOSING_POINTS) return whole
  return cut(words.replace(/^(?=`{3}|~{3})/gm, '\u200b'), NOTICE_POINTS)
}

function withEnd(head: string, run: EndedRun, output: string, redact: Redact): string {
  const text = `${head}\n\n${statusOf(run, redact)}`
  return text + lastLines(output, redact, MAX_CODE_POINTS - pointsIn(text))
}

/** The end in one line. */
function statusOf(
  { outcome, returnCode, tokensUsed, cause, remedy, verdict, verdictCause, changes, ...run }: EndedRun,
  redact: Redact,
): string {
  const said = (text: string) => withoutMentions(cut(redact(text).replace(/\s+/g, ' '), CAUSE_POINTS))
  const isExit = outcome === 'exited'
  const words = isExit ? `exited ${returnCode}` : outcome.replaceAll('_', ' ')
  const ran = run.launchedAt === null || run.endedAt === null ? null : run.endedAt - run.launchedAt
  const parts = [
    `${isExit && returnCode === 0 ? signOf(verdict) : SIGNS[outcome]} ${words}${ran === null ? '' : ` after ${lengthOf(ran)}`}`,
    isExit || returnCode === null ? '' : `return code ${returnCode}`,
    changes === null ? '' : wordsOf(changes),
    tokensUsed === null ? '' : `${grouped(tokensUsed)} tokens`,
    cause === null ? '' : said(cause),
    remedy ?? '',
    verdict === null ? '' : verdictCause === null ? verdict : `${verdict}: ${said(verdictCause)}`,
  ]
  return parts.filter((part) => part !== '').join(' · ')
}

/**
 * The text with its own blocks closed, so that nothing that follows lands in them. Only quotes and spoilers hold other
 * blocks, and a line that is exactly the fence ends one (Zulip's zerver/lib/markdown/fenced_code.py).
 */
function closed(text: string): string {
  const open: { readonly fence: string; readonly nests: boolean }[] = []
  for (const line of text.split(/\r?\n/)) {
    const last = open.at(-1)
    if (last?.fence === line.trimEnd()) open.pop()
    else if (!last || last.nests) {
      const fence = /^(~{3,}|`{3,}) *(\{?\.?[\w+,./#-][^~`]*)?$/.exec(line)?.[1]
      if (fence) open.push({ fence, nests: /^\W+(quoted?|spoiler)\b/i.test(line) })
    }
  }
  return [text, ...open.map(({ fence }) => fence).reverse()].join('\n')
}
