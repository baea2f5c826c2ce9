import { counted, grouped } from '../base/counted.ts'
import type { CapState } from '../disk/status.ts'
import type { HearingAnswer } from '../hearing/schemas.ts'
import type { AsksState } from '../people/schemas.ts'
import { usd } from '../runs/budget/budget.ts'
import type { RunSummary } from '../runs/run-schemas.ts'
import type { AutopollState } from '../triggers/autopoll/schemas.ts'
import type { StatusCore } from '../views/status/schemas.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import type { RunPage } from './find-run.ts'
import { heldLine } from './holds.ts'
import {
  duration,
  hasFailed,
  labelOf,
  livingOf,
  outcomeOf,
  shortId,
  size,
  styleOf,
  type Told,
} from './human.ts'
import { lastLines } from './last-lines.ts'

const FIELDS = [
  'version',
  'started_at',
  'slot',
  'current',
  'live_pids',
  'autopoll',
  'notice',
  'outbox',
  'disk',
] as const satisfies readonly (keyof Status)[]

/** What the service tells, as this command shows it. */
export type Status = StatusCore & { readonly autopoll: AutopollState | null }

/** The same of a service that is not older than this command. */
type Answer = Omit<Status, 'holds' | 'today'> & {
  readonly holds?: Status['holds']
  readonly today?: Status['today']
  readonly token?: { readonly name: string; readonly scope: string } | null
  readonly disk_cap?: CapState | null
  readonly hearing?: HearingAnswer | null
  readonly asks?: AsksState | null
  readonly findings?: readonly { readonly check: string; readonly problem: string; readonly remedy: string }[]
}

/** `looper status`: what runs, when the autopoll looks next, and whether all is well. */
export async function status({ world, screen, client, options }: Context): Promise<number> {
  const answer = await client.get<Answer>('/status', FIELDS)
  if (options.json) {
    await screen.json(answer)
    return EXIT.ok
  }
  const now = world.clock.now()
  const since = (at: string) => duration(now - Date.parse(at))
  const { paint } = screen
  const {
    current,
    slot,
    autopoll,
    notice,
    outbox,
    disk,
    live_pids,
    problems = {},
    token,
    findings = [],
    disk_cap,
    hearing,
    asks,
    holds = [],
    today,
  } = answer

  screen.say(`${paint('bold', `Looper ${answer.version}`)} at ${client.url}, up ${since(answer.started_at)}`)
  screen.say('')
  row('run', ...(await runLines()))
  row('slot', slot.taken ? slotLine(slot) : 'free')
  if (holds === null) row('limits', ...unknown('holds'))
  for (const held of holds ?? [])
    row('limit', paint('yellow', heldLine(held, now)), `→ looper holds release ${held.agent}`)
  row('autopoll', ...(autopoll ? autopollLines(autopoll) : unknown('autopoll')))
  row(
    'notices',
    ...(notice ? noticeLines(notice) : unknown('notice')),
    ...(outbox ? outboxLines(outbox) : []),
  )
  if (asks && asks.open > 0)
    row('asks', paint('yellow', `${counted(asks.open, 'question')} of agents open; "looper asks" shows them`))
  if (hearing) row('people', ...hearingLines(hearing))
  row('disk', ...(disk ? diskLines(disk) : unknown('disk')))
  if (disk_cap) capLines(disk_cap)
  if (today) todayLines(today)
  const others = live_pids?.filter((pid) => pid !== current?.pid) ?? []
  if (others.length > 0) row('others', `other live agents: ${others.join(', ')}`)
  if (live_pids === null) row('others', ...unknown('live_pids'))
  if (token) row('token', `${token.name} (${token.scope})`)
  for (const { check, problem, remedy } of findings) row(check, paint('red', problem), `→ ${remedy}`)
  return EXIT.ok

  function unknown(part: keyof Status): [string] {
    return [paint('red', `unknown: ${problems[part] ?? 'the service gives no reason'}`)]
  }

  async function runLines(): Promise<[string, ...string[]]> {
    if (current) return liveLines(current)
    return 'current' in problems ? unknown('current') : idleLines()
  }

  function diskLines({ path, free_mb, min_free_mb, ok }: NonNullable<typeof disk>): [string] {
    const free = `${size(free_mb)} free in ${path}`
    return [ok ? free : paint('red', `${free}, and ${size(min_free_mb)} are needed`)]
  }

  function capLines({ cap_mb, used_mb, ok }: CapState): void {
    if (cap_mb === null || used_mb === null) return
    const used = `${size(used_mb)} of at most ${size(cap_mb)}`
    row('cap', ok ? used : paint('red', used), ...(ok ? [] : ['→ looper disk shows what has to stay']))
  }

  function todayLines({
    tokens,
    max_tokens,
    cost_usd,
    max_cost_usd,
    until,
    spent,
  }: NonNullable<typeof today>): void {
    const parts = [
      tokens > 0 || max_tokens
        ? `${grouped(tokens)}${max_tokens ? ` of ${grouped(max_tokens)}` : ''} tokens`
        : '',
      cost_usd > 0 || max_cost_usd ? `${usd(cost_usd)}${max_cost_usd ? ` of ${usd(max_cost_usd)}` : ''}` : '',
    ]
    const used = parts.filter(Boolean).join(', ')
    if (used === '') return
    const wait = `→ nothing is launched for ${duration(Date.parse(until) - now)}`
    row('today', spent ? paint('red', used) : used, ...(spent ? [wait] : []))
  }

  function row(name: string, first: string, ...more: string[]): void {
    screen.say(`${paint('dim', name.padEnd(10))}${first}`)
    for (const line of more) screen.say(`${' '.repeat(10)}${line}`)
  }

  async function liveLines(run: RunSummary & Told): Promise<[string, ...string[]]> {
    const [last] = await lastLines(client, run.run_id, 1)
    return [
      `${paint('cyan', outcomeOf(run))} ${livingOf(run, now)}, ${byWhom(run)}`,
      run.workspace,
      ...(run.silent_since ? [paint('yellow', `no sign of life for ${since(run.silent_since)}`)] : []),
      ...(run.log_path === null ? [] : [paint('dim', `pid ${run.pid}, log ${run.log_path}`)]),
      ...(last === undefined ? [] : [`> ${last}`]),
    ]
  }

  async function idleLines(): Promise<[string, ...string[]]> {
    const [last]: (RunSummary & Told)[] = (await client.get<RunPage>('/runs?limit=1', ['runs'])).runs
    if (!last) return ['nothing is running, and there are no runs yet']
    const ago = last.ended_at === null ? '' : ` ${since(last.ended_at)} ago`
    const cause = last.cause === null ? '' : `: ${last.cause}`
    return [
      'nothing is running',
      `last ${labelOf(last)}, ${byWhom(last)}: ${paint(styleOf(last), outcomeOf(last))}${ago}${cause}`,
      ...(hasFailed(last) && last.remedy ? [`→ ${last.remedy}`] : []),
    ]
  }

  function autopollLines({
    enabled,
    paused,
    next_at,
    would_skip,
  }: NonNullable<typeof autopoll>): [string, ...string[]] {
    if (!enabled) return ['off']
    const next = next_at === null ? 'on' : `checks in ${duration(Date.parse(next_at) - now)}`
    return [
      paused ? paint('yellow', 'paused; "looper autopoll resume" resumes it') : next,
      ...(would_skip === null ? [] : [`would launch nothing: ${would_skip}`]),
    ]
  }

  function outboxLines({ pending, given_up, oldest_pending_at }: NonNullable<typeof outbox>): string[] {
    return [
      ...(oldest_pending_at === null
        ? []
        : [paint('yellow', `${counted(pending, 'message')} waiting for ${since(oldest_pending_at)}`)]),
      ...(given_up === 0 ? [] : [paint('red', `${counted(given_up, 'message')} given up; see GET /outbox`)]),
    ]
  }

  function hearingLines({ connected_since: at, last_error: error }: HearingAnswer): [string, ...string[]] {
    const why = error === null ? [] : [paint(at === null ? 'red' : 'dim', error)]
    return [at === null ? paint('red', 'nobody is heard') : `heard for ${since(at)}`, ...why]
  }

  function noticeLines({ kind, route, problem, last }: NonNullable<typeof notice>): [string, ...string[]] {
    return [
      kind === 'log'
        ? 'to the server log only'
        : `${kind[0]?.toUpperCase()}${kind.slice(1)} ${route ?? ''}`.trim(),
      ...(problem === null ? [] : [paint('red', problem)]),
      ...(last === null ? [] : [paint(last.ok ? 'dim' : 'red', `${since(last.at)} ago: ${last.output}`)]),
    ]
  }
}

function slotLine({ run_id, step }: Status['slot']): string {
  const who = run_id === null ? 'a request' : shortId(run_id)
  return `taken by ${who}${step === null ? '' : `, at ${step.replaceAll('_', ' ')}`}`
}

function byWhom({ trigger, caller }: RunSummary): string {
  return `by ${caller === null ? trigger : `${caller} (${trigger})`}`
}
