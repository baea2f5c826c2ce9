import type { Meters } from '../../base/meters.ts'
import { END_CAUSES } from './governor.ts'
import { LOOP_STATES, type LoopRecords } from './records.ts'
import type { LoopStep } from './steps.ts'

/** What is measured of loops. */
export interface MeasureDeps {
  readonly records: Pick<LoopRecords, 'all'>
  readonly meters: Pick<Meters, 'counter' | 'gaugeBy'>
}

/** Measures all loops. Returns what is to be told each step of theirs. */
export function measureLoops({ records, meters }: MeasureDeps): (step: LoopStep) => void {
  meters.gaugeBy({
    name: 'looper_loops',
    help: 'Loops, by what they do.',
    label: { name: 'state', values: LOOP_STATES },
    look() {
      const loops = records.all()
      return (state) => loops.filter((loop) => loop.state === state).length
    },
  })
  const rounds = meters.counter({
    name: 'looper_loop_rounds_total',
    help: 'Rounds of loops that ended, those that failed included; not those for which there was nothing to do.',
  })
  const ends = meters.counter({
    name: 'looper_loop_ends_total',
    help: 'Loops that ended, by the cause.',
    label: { name: 'cause', values: END_CAUSES },
  })
  return ({ step, loop: { cause } }) => {
    if (step === 'response' || step === 'error') rounds()
    if (step === 'ended') ends(String(cause))
  }
}
