import { randomUUID } from 'node:crypto'
import type { RunIntent } from '../record/run-record.ts'
import type { LaunchRequest } from './run.ts'

/** A launch as it comes on the record, under an id of its own. */
export function intentOf(
  launch: LaunchRequest & Pick<RunIntent, 'session' | 'asked'>,
  requestedAt: number,
): RunIntent {
  const { agent, binary, system: _system, tools: _tools, isolation: _isolation, ...rest } = launch
  const what = { agent: agent.name, binary: binary.path, onQuota: rest.onQuota ?? 'hold' } as const
  return { ...rest, ...what, runId: randomUUID(), requestedAt }
}
