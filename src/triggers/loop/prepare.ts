import type { LoopCommands } from './commands.ts'
import { gateWord } from './monitor.ts'
import type { Loop, LoopRecords, Round } from './records.ts'
import { endSkipped, endWithoutRun, type SettleDeps } from './settle.ts'

/** What preparing a round takes. */
export interface PrepareDeps extends SettleDeps {
  readonly records: Pick<LoopRecords, 'find' | 'stepRound' | 'update'>
  readonly commands: Pick<LoopCommands, 'run'>
}

/**
 * Runs the command that a round is to begin with and that was not run yet: the monitor, then the gate; what came of it stands on
 * the record. Resolves with whether there was one. @param signal aborted: it is ended, and nothing came of it
 * @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE`
 */
export async function prepareRound(
  loop: Loop,
  round: Round,
  deps: PrepareDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const { records, commands } = deps
  const { name, definition } = loop
  const { monitor, monitor_interval_seconds: interval, gate } = definition
  if (monitor != null && interval == null && round.monitorOutput === null) {
    const { output } = await commands.run(loop, 'monitor', signal)
    if (!signal.aborted) records.stepRound(name, round, { monitorOutput: output }, { monitorOutput: output })
    return true
  }
  if (gate == null || round.gate === 'go') return false
  const result = await commands.run(loop, 'gate', signal)
  if (signal.aborted) return true
  const word = gateWord(result)
  const said = { ...round, gateOutput: result.output }
  const onFailure = definition.gate_failure ?? 'fail'
  if (word === 'go' || (word === 'failed' && onFailure === 'go'))
    records.stepRound(name, round, { gate: 'go', gateOutput: result.output })
  else if (word === 'nothing_to_do' || onFailure === 'skip')
    endSkipped(loop, { ...said, gate: 'nothing_to_do' }, deps)
  else endWithoutRun(loop, { ...said, gate: 'failed' }, whyOf(result), deps)
  return true
}

const whyOf = ({ status, output }: { readonly status: number | null; readonly output: string }) =>
  status === null
    ? `the gate was ended, or not started: ${output.split('\n').at(-1)}`
    : `the gate exited with ${status}`
