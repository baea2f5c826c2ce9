import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Meters as PlainMeters } from '../../base/meters.ts'
import { plainSize } from '../../base/plain-file.ts'
import type { ProcessTable } from '../../processes/table.ts'
import { treeOf } from '../../processes/tree.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { hasFailed, OUTCOMES } from '../../runs/outcome.ts'
import { type Run, TRIGGERS } from '../../runs/run.ts'
import type { RunStep } from '../../runs/steps.ts'
import { VERDICTS } from '../../runs/verify/verdict.ts'
import { addPlainMeters } from './plain-meters.ts'
import { addProcessMeters } from './process-meters.ts'
import { addServiceMeters, type ServiceFacts } from './service-meters.ts'
import { setOrLeaveOut } from './set.ts'

/** What is looked at when somebody asks. */
export interface MeterSources {
  readonly table: ProcessTable
  live(): readonly Run[]
  slotTaken(): boolean
  readonly facts: ServiceFacts
  readonly meters: Pick<PlainMeters, 'counters' | 'gauges' | 'labelledGauges'>
}

/** What is counted of a run's step. */
export interface CountedStep extends Pick<RunStep, 'step'> {
  readonly run: Pick<RunRecord, CountedColumn> & { readonly stoppedCount: number }
}
type CountedColumn =
  | 'trigger'
  | 'outcome'
  | 'returnCode'
  | 'announcedAt'
  | 'stoppedAt'
  | 'launchedAt'
  | 'endedAt'
  | 'outputBytes'
  | 'verdict'

/** The service's meters; every label value that exists starts at 0, so that rates are right from the first event on. */
export interface Meters {
  take(step: CountedStep): void
  text(): Promise<string>
  close(): void
}

/** From a run that does nothing to one of a whole day. */
const RUN_BUCKETS = [1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400]
/** An agent that obeys, one that needs its grace of 5 s, one that does not die. */
const STOP_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Opens the meters; whoever opens them closes them. */
export function openMeters({ table, live, slotTaken, facts, meters }: MeterSources): Meters {
  const registry = new Registry()
  const registers = [registry]

  const ended = new Counter({
    name: 'looper_runs_total',
    help: 'Runs that ended, by what asked for them and how they ended.',
    labelNames: ['trigger', 'outcome'],
    registers,
  })
  for (const trigger of TRIGGERS) for (const outcome of OUTCOMES) ended.inc({ trigger, outcome }, 0)
  const failed = new Counter({
    name: 'looper_runs_failed_total',
    help: 'Failed runs, by what started them; exits with a code other than 0 included.',
    labelNames: ['trigger'],
    registers,
  })
  for (const trigger of TRIGGERS) failed.inc({ trigger }, 0)
  const verdicts = new Counter({
    name: 'looper_run_verdicts_total',
    help: 'Runs whose work was to be checked, by what came of it.',
    labelNames: ['verdict'],
    registers,
  })
  for (const verdict of VERDICTS) verdicts.inc({ verdict }, 0)
  const ran = new Histogram({
    name: 'looper_run_duration_seconds',
    help: 'From the launch of a run to its end.',
    buckets: RUN_BUCKETS,
    registers,
  })
  const stopped = new Histogram({
    name: 'looper_stop_duration_seconds',
    help: 'How long a new run waited until the agents before it were stopped.',
    buckets: STOP_BUCKETS,
    registers,
  })
  const output = new Counter({
    name: 'looper_run_output_bytes_total',
    help: 'What the runs that ended wrote into their logs.',
    registers,
  })
  addPlainMeters(registry, meters)

  new Gauge({
    name: 'looper_slot_held',
    help: 'Whether a launch is in progress: 1, else 0.',
    registers,
    collect() {
      this.set(slotTaken() ? 1 : 0)
    },
  })
  new Gauge({
    name: 'looper_run_processes',
    help: 'Processes of the run that lives: its agent, and all it started.',
    registers,
    collect() {
      return setOrLeaveOut(this, () => countProcesses(live(), table))
    },
  })
  new Gauge({
    name: 'looper_run_log_bytes',
    help: 'The size of the log of the run that lives.',
    registers,
    collect() {
      return setOrLeaveOut(this, () =>
        live().reduce((bytes, { logPath }) => bytes + (plainSize(logPath) ?? 0), 0),
      )
    },
  })
  addServiceMeters(registry, facts)
  const stopProcessMeters = addProcessMeters(registry, table.kind === 'proc')

  return {
    take({ step, run }) {
      if (step === 'stopped' && run.stoppedCount > 0) {
        stopped.observe(secondsBetween(run.announcedAt, run.stoppedAt))
      }
      if (step !== 'ended' || run.outcome === null) return
      ended.inc({ trigger: run.trigger, outcome: run.outcome })
      if (hasFailed(run)) failed.inc({ trigger: run.trigger })
      if (run.verdict !== null) verdicts.inc({ verdict: run.verdict })
      output.inc(run.outputBytes ?? 0)
      if (run.launchedAt !== null) ran.observe(secondsBetween(run.launchedAt, run.endedAt))
    },
    text: () => registry.metrics(),
    close: stopProcessMeters,
  }
}

async function countProcesses(runs: readonly Run[], table: ProcessTable): Promise<number> {
  const trees = await Promise.all(runs.map((run) => treeOf(run, table)))
  return trees.flat().filter(({ state }) => state !== 'zombie').length
}

/** The clock may have been set back meanwhile. */
const secondsBetween = (from: number | null, to: number | null) =>
  Math.max(0, Number(to) - Number(from)) / 1000
