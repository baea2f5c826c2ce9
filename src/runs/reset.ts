import type { Logger } from 'pino'
import { type Agents, isRunOfAny } from '../agents/agents.ts'
import type { Place } from '../places/place.ts'
import { runPart } from '../processes/mark.ts'
import { findStale } from '../processes/stale.ts'
import { type StopReport, type StopTarget, stopTrees } from '../processes/stop.ts'
import { type Identity, lineage } from '../processes/table.ts'
import type { Run } from './run.ts'
import type { StopScope } from './settings.ts'
import { DEFAULT_SLOT } from './slots.ts'
import { type StopTreeDeps, targetOf } from './stop-tree.ts'

/** What finding and stopping agents needs. */
export interface ResetDeps extends StopTreeDeps {
  readonly agents: Agents
  readonly scope: StopScope
  readonly place: Place
  readonly logger: Logger
  /** Aborted when the owner does not want to wait for polite ends any more. */
  readonly hurry: AbortSignal
}

/** The live runs of this service, as one slot sees them. */
export interface SlotRuns {
  readonly slot: string
  readonly own: readonly Run[]
  /** What lives in other slots, and nobody may touch from this one. */
  readonly others: readonly Run[]
  /** The ids of those that are being launched at this moment: what there is of them is not left by anybody. */
  readonly launching: readonly string[]
}

/** Those of one slot, and the others. */
export const runsOf = (slot: string, live: readonly Run[], launching: readonly string[]): SlotRuns => ({
  slot,
  own: live.filter((run) => run.slot === slot),
  others: live.filter((run) => run.slot !== slot),
  launching,
})

/** The agents that a launch would replace. */
export interface Found {
  /** The live agents' pids. */
  readonly agents: readonly number[]
  readonly targets: readonly StopTarget[]
  /** Runs of the place that no ledger knows: an earlier life launched them, and its ledger is lost. */
  readonly orphans: readonly string[]
  readonly spare: ReadonlySet<number>
}

/** What a reset did. */
export interface ResetReport extends StopReport {
  readonly agents: readonly number[]
  /** Agents that are still alive, and what survived of their trees and is a run of the agent itself. */
  readonly remaining: readonly number[]
}

/**
 * Looks for the live agents of a slot: its runs, those whose state an earlier life of the service left and no ledger knows,
 * every run of the agent that a run of this service left behind, whatever user it became (sudo), and, for the default slot
 * with the machine as scope, every run of the agent by this user. Never what belongs to a run in another slot, nor the service
 * or its ancestors.
 */
export async function findAgents(deps: ResetDeps, runs: SlotRuns): Promise<Found> {
  const { slot, own, others, launching } = runs
  const { table, agents: kinds, ownCookie } = deps
  const spare = await lineage(table, process.pid)
  const targets = new Map<string, StopTarget>()
  const keyOf = ({ pid, start }: Identity) => `${pid} ${start}`
  for (const run of own) {
    targets.set(keyOf(run.agent), targetOf(run.runId, run.agent, ownCookie))
  }

  const known = new Set([...own.map(({ runId }) => runId), ...others.map(({ runId }) => runId), ...launching])
  const orphans: string[] = []
  for (const runId of deps.place.runs()) {
    if (known.has(runId)) continue
    orphans.push(runId)
    const { agent: identity } = deps.place.wordOf(runId)
    if (identity) targets.set(keyOf(identity), targetOf(runId, identity, ownCookie))
  }

  const isLeft = leftBy(deps, known)
  const commands = [...(await table.commands())]
  const isElsewhere = belongsTo(runs, deps)
  const isOnMachine = deps.scope === 'machine' && slot === DEFAULT_SLOT
  // On the whole machine only runs of the agent that callers have always known are theirs to be stopped.
  const ofKnownAgent = new Set(findStale(commands, kinds.known.isRun, spare))
  const isInScope = async (pid: number) =>
    (isOnMachine && ofKnownAgent.has(pid) && (await table.isOwnUser(pid)) && !(await isElsewhere(pid))) ||
    isLeft(pid)
  const stale = new Set(findStale(commands, isRunOfAny(kinds), spare))
  for (const pid of stale) {
    const identity = await table.inspect(pid)
    // A launcher's child, or a fork that is about to become a tool, belongs to its parent's tree.
    if (identity && stale.has(identity.parent)) continue
    if (!identity || targets.has(keyOf(identity)) || !(await isInScope(pid))) continue
    targets.set(keyOf(identity), targetOf(table.cookieOf(pid), identity, ownCookie))
  }

  const agents = []
  for (const { identity } of targets.values()) if (await table.isAlive(identity)) agents.push(identity.pid)
  return { agents, targets: [...targets.values()], orphans, spare }
}

/** Stops what was found, whole trees, and verifies it. */
export async function stopAgents(deps: ResetDeps, found: Found): Promise<ResetReport> {
  const report = await stopTrees(found.targets, { ...deps, spare: found.spare })
  const remaining = await agentsAmong(report.survivors, found, deps)
  for (const runId of found.orphans) {
    // The word of an agent that lives on is all that is known of it.
    if (!remaining.includes(deps.place.wordOf(runId).agent?.pid ?? 0)) deps.place.forget(runId, deps.logger)
  }
  return { ...report, agents: found.agents, remaining }
}

/** A launcher may be gone while the agent behind it, another user's, lives on; a tool that lives on is no agent. */
async function agentsAmong(
  survivors: readonly number[],
  { agents, spare }: Found,
  { table, agents: kinds }: ResetDeps,
): Promise<number[]> {
  if (survivors.length === 0) return []
  const running = new Set(findStale(await table.commands(), isRunOfAny(kinds), spare))
  return survivors.filter((pid) => agents.includes(pid) || running.has(pid))
}

/** Whether a process belongs to a run elsewhere: by its mark, or as something that its agent or wrapper started. */
function belongsTo({ others, launching }: SlotRuns, deps: ResetDeps): (pid: number) => Promise<boolean> {
  const parts = new Set([...others.map(({ runId }) => runId), ...launching].map(runPart))
  const roots = others.flatMap(({ agent, wrapper }) => [agent.pid, wrapper.pid])
  return async (pid) => {
    if (parts.size === 0) return false
    const run = markedRun(pid, deps)
    if (run !== null && parts.has(run)) return true
    const ancestors = await lineage(deps.table, pid)
    return roots.some((root) => ancestors.has(root))
  }
}

/** Whether a process is of a run of this service that is over; what is of a live one belongs to its tree. */
function leftBy(deps: ResetDeps, known: ReadonlySet<string>): (pid: number) => boolean {
  // The tree that the service itself is in is not its own.
  const others = new Set([...known, deps.ownCookie ?? ''].map(runPart))
  return (pid) => {
    const run = markedRun(pid, deps)
    return run !== null && !others.has(run)
  }
}

/** Of which run of this service a process is by its mark; null: of none. */
function markedRun(pid: number, { table, place }: ResetDeps): string | null {
  const mark = table.markOf(pid)
  return mark?.owner === place.owner ? mark.run : null
}
