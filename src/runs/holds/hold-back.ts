import type { Ledger } from '../../record/ledger.ts'
import type { Occupation } from '../occupation.ts'
import type { LaunchRequest, RunRequest } from '../run.ts'
import type { Started } from '../started.ts'
import type { WaitingLine } from '../waiting.ts'
import { agentHeld, type Held } from './holds.ts'

/** What holding a request back needs. */
export interface HoldBackDeps {
  readonly line: Pick<WaitingLine, 'add'>
  readonly ledger: Pick<Ledger, 'nextWaiting'>
  readonly occupation: (slot: string) => Promise<Occupation>
}

/**
 * What becomes of a request whose agent is held: it waits on the record, and nothing is announced, stopped or launched. One
 * that would be skipped where something runs is skipped, also where something waits.
 * @throws {LooperError} `LOOPER_AGENT_HELD` where it does not want to wait; `LOOPER_LEDGER_UNWRITABLE`
 */
export async function holdBack(
  request: RunRequest,
  launch: LaunchRequest,
  held: Held,
  { line, ledger, occupation }: HoldBackDeps,
): Promise<Started> {
  if (launch.onQuota === 'fail') throw agentHeld(held)
  if (request.ifRunning === 'skip') {
    const { obstacle } = await occupation(launch.slot)
    const inTheWay = obstacle ?? (ledger.nextWaiting(launch.slot, []) && 'waiting')
    if (inTheWay) return { kind: 'skipped', obstacle: inTheWay }
  }
  return { ...line.add(request, launch), held }
}
