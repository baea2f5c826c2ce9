import type { Agents } from '../../agents/agents.ts'
import type { Clock } from '../../base/clock.ts'
import { checkFreeSpace } from '../../base/disk.ts'
import { messageOf } from '../../base/errors.ts'
import { agentHeld } from '../../runs/holds/holds.ts'
import type { Runs } from '../../runs/runs.ts'
import type { Moment } from './governor.ts'
import type { Loop } from './records.ts'

/** What tells how things are. */
export interface MomentDeps {
  readonly runs: Pick<Runs, 'holds' | 'days'>
  readonly agents: Agents
  readonly clock: Pick<Clock, 'now'>
  readonly logDir: string
  /** Less free space than that, and nothing is launched. */
  readonly minFreeMb: number
}

/** How things are for the next round of a loop. */
export function momentOf({ definition, startedAt }: Loop, deps: MomentDeps): Moment {
  const { runs, agents, clock } = deps
  const held = runs.holds.of(definition.agent ?? agents.standard.name)
  const spent = runs.days.refusal()
  return {
    // One at work was started.
    elapsedMs: clock.now() - Number(startedAt),
    held: held ? agentHeld(held).message : (spent?.message ?? null),
    diskFull: noSpace(deps),
  }
}

function noSpace({ logDir, minFreeMb }: MomentDeps): string | null {
  try {
    checkFreeSpace(logDir, minFreeMb)
    return null
  } catch (error) {
    return messageOf(error)
  }
}
