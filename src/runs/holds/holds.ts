import type { Logger } from 'pino'
import type { Agent } from '../../agents/agent.ts'
import type { Agents } from '../../agents/agents.ts'
import type { Said } from '../../agents/said.ts'
import type { Clock } from '../../base/clock.ts'
import { LooperError, messageOf } from '../../base/errors.ts'
import { timeOf } from '../../base/iso-time.ts'
import type { Ledger } from '../../record/ledger.ts'
import type { RunEnd } from '../outcome.ts'
import { continuationOf, hasWorked } from './continuation.ts'
import { byClock, type Hold, heldAfter, isUnsure } from './hold.ts'
import { quotaAtEnd } from './quota-end.ts'

/** That nothing of an agent is launched now. */
export interface Held extends Hold {
  /** When something is launched again; null: a run is let through already, to see whether the limit still stands. */
  readonly heldUntil: number | null
}

/** A run that has ended, with all that its agent has said. */
export interface EndedRun {
  readonly runId: string
  readonly kind: Agent
  readonly end: RunEnd
  readonly so: Said
  readonly endedAt: number
  readonly logPath: string
}

/** The agents whose usage limit is reached; it stands on the record, over restarts. */
export interface Holds {
  /** Whether nothing of an agent may be launched now; null: it may. */
  of(agent: string): Held | null
  /** All agents of which nothing may be launched now, and why. */
  all(): Held[]
  /** Their names. */
  agents(): string[]
  /** @throws {LooperError} `LOOPER_AGENT_HELD` where nothing of the agent may be launched now */
  assertFree(agent: string): void
  /** A run is let through; where the limit may still stand, it is the only one until it shows something. */
  begins(agent: string, runId: string, launched: Promise<unknown>): void
  /** Takes a run that ended, before its end is on the record. Never throws. */
  ended(run: EndedRun): void
  /** Ends a hold early; false where there is none. */
  release(agent: string): boolean
  /**
   * Lets the runs wait that go on after a limit, tells people of new holds, and looks when something changes: in so many
   * milliseconds; null: not by itself. @throws {LooperError} where it cannot be written at the moment
   */
  tick(tell: (hold: Held) => void): number | null
}

/** What holds are kept with. */
export interface HoldsDeps {
  readonly ledger: Ledger
  readonly agents: Agents
  readonly clock: Clock
  readonly logger: Logger
  readonly env: () => NodeJS.ProcessEnv
  /** Something may be launched now that might not before, or the other way round. */
  readonly changed: () => void
}

/** How soon a run that alone was let through is looked at again. */
const PROBE_POLL_MS = 2000

/** The holds of the record. */
export function createHolds({ ledger, agents, clock, logger, env, changed }: HoldsDeps): Holds {
  const holds = new Map(ledger.holds().map((hold) => [hold.agent, hold]))
  const launching = new Set<string>()
  /** Whether runs may have been interrupted that go on in no other run yet. */
  let mayBeInterrupted = true

  function put(hold: Hold): void {
    holds.set(hold.agent, hold)
    ledger.putHold(hold)
  }

  function drop({ agent, runId, since }: Hold, why: string): void {
    holds.delete(agent)
    ledger.dropHold(agent)
    // The end of a run may still wait to be written.
    mayBeInterrupted = true
    logger.info({ agent, run_id: runId, since: timeOf(since), why }, 'hold.end')
    changed()
  }

  /** Whether the run that alone was let through is still to show something. */
  function isProbing(hold: Hold): boolean {
    const run = hold.probe === null ? null : ledger.find(hold.probe)
    if (run === null || run.outcome !== null) return false
    if (run.launchedAt === null) return launching.has(run.runId)
    if (!hasWorked(run)) return true
    drop(hold, 'a run goes on')
    return false
  }

  function heldNow(known: Hold, now: number): Held | null {
    const hold = byClock(known, now)
    if (hold !== known) put(hold)
    if (now < hold.tryAt) return { ...hold, heldUntil: hold.tryAt }
    return isUnsure(hold) && isProbing(hold) ? { ...hold, heldUntil: null } : null
  }

  function of(agent: string): Held | null {
    const hold = holds.get(agent)
    return hold === undefined ? null : heldNow(hold, clock.now())
  }

  const all = () => [...holds.keys()].flatMap((agent) => of(agent) ?? [])

  function takeEnd({ runId, kind, end, so, endedAt, logPath }: EndedRun): void {
    const run = ledger.find(runId)
    const agent = run?.agent ?? kind.name
    const hold = holds.get(agent) ?? null
    const quota = quotaAtEnd(end, logPath, kind, env, endedAt, so)
    const launchedAt = run?.launchedAt ?? endedAt
    if (quota !== null) {
      const met = { agent, runId, launchedAt, hasWorked: hasWorked(so), ...quota }
      const next = heldAfter(hold, met, clock.now())
      put(next)
      ledger.interrupt(runId)
      const { until, tryAt, tries } = next
      const times = { until: until && timeOf(until), try_at: timeOf(tryAt) }
      logger.warn({ agent, run_id: runId, ...times, tries }, 'hold.begin')
      changed()
    } else if (hold !== null && end.outcome === 'exited' && launchedAt >= hold.tryAt)
      drop(hold, 'a run ended otherwise')
  }

  /** The runs that are to go on, each once. */
  function goOn(): void {
    if (!mayBeInterrupted && holds.size === 0) return
    for (const run of ledger.interrupted()) {
      const { intent, wait } = continuationOf(run, { agents, env, now: clock.now() })
      ledger.goOn(run.runId, intent, wait)
      logger.info({ run_id: intent.runId, goes_on_with: run.runId, agent: run.agent }, 'run.wait')
    }
    mayBeInterrupted = false
  }

  return {
    of,
    all,
    agents: () => all().map(({ agent }) => agent),
    assertFree(agent) {
      const held = of(agent)
      if (held) throw agentHeld(held)
    },
    begins(agent, runId, launched) {
      const hold = holds.get(agent)
      if (hold === undefined || !isUnsure(hold)) return
      launching.add(runId)
      put({ ...hold, probe: runId })
      const over = () => {
        launching.delete(runId)
        changed()
      }
      launched.then(over, over)
    },
    ended(run) {
      try {
        takeEnd(run)
      } catch (error) {
        logger.error({ run_id: run.runId, error: messageOf(error) }, 'hold.fail')
      }
    },
    release(agent) {
      const hold = holds.get(agent)
      if (hold === undefined || of(agent) === null) return false
      drop(hold, 'it was released')
      return true
    },
    tick(tell) {
      goOn()
      const waits = all().map((held) => {
        if (!held.isTold) {
          const { heldUntil: _heldUntil, ...hold } = held
          holds.set(hold.agent, { ...hold, isTold: true })
          ledger.tellHold({ ...hold, isTold: true })
          tell(held)
        }
        return held.heldUntil === null ? PROBE_POLL_MS : held.heldUntil - clock.now()
      })
      return waits.length === 0 ? null : Math.max(0, Math.min(...waits))
    },
  }
}

/** What a request comes to grief on that does not want to wait. */
export function agentHeld({ agent, heldUntil }: Held): LooperError {
  const when = heldUntil === null ? 'another run has shown that it is reset' : timeOf(heldUntil)
  return new LooperError(
    'LOOPER_AGENT_HELD',
    `the usage limit of ${agent} is reached: its runs are held until ${when}`,
  )
}
