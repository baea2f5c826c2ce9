import type { Clock } from '../../base/clock.ts'
import { lengthOf } from '../../base/length-of.ts'
import { oneLine } from '../../base/one-line.ts'
import { once } from '../../http/idempotency.ts'
import type { Said } from '../../notices/ear.ts'
import type { Ledger } from '../../record/ledger.ts'
import { startAside } from '../../runs/post-run.ts'
import { prepareRun, type RequestDefaults } from '../../runs/request.ts'
import type { Runs } from '../../runs/runs.ts'
import { slotAnswers } from '../../runs/slot-views.ts'
import { DEFAULT_SLOT } from '../../runs/slots.ts'
import { stopAnswer } from '../../runs/stop-answer.ts'
import { type Command, commandIn, HELP } from './command.ts'

/** What obeying takes. */
export interface ObeyDeps {
  readonly runs: Runs
  readonly ledger: Ledger
  readonly defaults: RequestDefaults
  readonly clock: Pick<Clock, 'now'>
  newRequestId(): string
  /** A text of a person that calls nobody. */
  plain(text: string): string
}

/** What is answered, and which run it is about. */
export interface Obeyed {
  readonly text: string
  readonly runId: string | null
}

/** What was said longer ago was said of something else. */
const STALE_MS = 3_600_000
const NAME_CHARACTERS = 200
/** So far the clocks of both sides may be apart. */
const SKEW_MS = 60_000

/** Does what was said, a run once a message also over restarts. @throws {LooperError} where it cannot be done */
export async function obey(said: Said, deps: ObeyDeps): Promise<Obeyed> {
  const { clock } = deps
  const command = commandIn(said.text)
  const ago = clock.now() - said.at
  const isStale = ago > STALE_MS && (command.kind === 'stop' || command.kind === 'run')
  if (isStale)
    return { text: `That was said ${lengthOf(ago)} ago, and nothing was done. Say it again.`, runId: null }
  switch (command.kind) {
    case 'help':
      return { text: HELP, runId: null }
    case 'wrong':
      return { text: command.why, runId: null }
    case 'status':
      return { text: statusText(deps), runId: null }
    case 'stop':
      return stop(command.what, said, deps)
    case 'run':
      return run(command, said, deps)
  }
}

function statusText({ runs, ledger, clock }: ObeyDeps): string {
  const lines = slotAnswers(runs, ledger).map(({ slot, run, launch, waiting_count: count }) => {
    const since = Date.parse(run?.started_at ?? '')
    const now = run
      ? `${run.name} (\`${run.run_id}\`), for ${lengthOf(clock.now() - since)}`
      : launch
        ? `a run is at the step ${launch.step}`
        : 'nothing runs'
    return `${slot}: ${now}${count === 0 ? '' : `; ${count} waiting`}`
  })
  return lines.join('\n')
}

type Named = { readonly runId: string; readonly slot: string }

async function stop(what: string | null, { person, at }: Said, deps: ObeyDeps): Promise<Obeyed> {
  const { runs, ledger } = deps
  const isNamed = ({ runId }: Named) => what !== null && what.length >= 8 && runId.startsWith(what)
  const isMeant = (run: Named) => run.slot === (what ?? DEFAULT_SLOT) || isNamed(run)
  const found = runs.live().findLast(isMeant)
  // What is heard late, or again after a kill, was said of the run before it.
  const began = found && !isNamed(found) ? ledger.find(found.runId)?.requestedAt : null
  if (found && began && began > at + SKEW_MS) {
    const text = `\`${found.runId}\` began after that was said, and goes on. Say it again if you mean it.`
    return { text, runId: found.runId }
  }
  const waiting = what === null ? null : ledger.find(what)
  const runId = found?.runId ?? waiting?.runId ?? null
  if (runId === null) return { text: `Nothing runs in ${what ?? DEFAULT_SLOT}.`, runId: null }
  const { run, remaining_pids: left } = await stopAnswer(deps, runId, person.name)
  const rest = left.length === 0 ? '' : ` Still alive: ${left.join(', ')}.`
  return { text: `${run.name} (\`${runId}\`): ${run.outcome}.${rest}`, runId }
}

async function run(
  { wanted, prompt }: Extract<Command, { kind: 'run' }>,
  { messageId, place, person }: Said,
  { runs, ledger, defaults, clock, newRequestId, plain }: ObeyDeps,
): Promise<Obeyed> {
  const requestId = newRequestId()
  const begun = (runId: string | null, text: string) => ({ status: 200, body: { runId, text } })
  const interrupted = (runId: string) => {
    const became = ledger.find(runId)?.outcome ?? 'it lives'
    return begun(runId, `Looper ended while it began run \`${runId}\`: ${became}.`)
  }
  const key = `chat ${messageId} ${place} ${person.name}`
  await runs.adopted()
  const keyed = { key, body: null, requestId, now: clock.now(), interrupted }
  const { body } = await once<Obeyed>(ledger, keyed, async () => {
    const name = plain(oneLine(prompt, NAME_CHARACTERS)) || 'The default run'
    const given = {
      ...wanted,
      zulip_message: `${name}\nAsked for by ${plain(person.name)}`,
      codex_prompt: prompt || null,
    }
    const origin = { requestId, trigger: 'chat', caller: person.name } as const
    const { request } = await prepareRun(given, origin, defaults)
    const { runId, ahead, heldUntil, effect } = await startAside(runs, request, 'wait')
    if (runId === null) return { ...begun(null, 'Nothing was begun, as the slot is taken.'), effect }
    const held = heldUntil == null ? '' : ` It is held until ${heldUntil}.`
    const how = ahead === null ? 'begins' : `waits for its turn, ${ahead} before it`
    return { ...begun(runId, `Run \`${runId}\` ${how}.${held}`), effect }
  })
  return body
}
