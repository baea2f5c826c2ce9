import type { Logger } from 'pino'
import { messageOf } from '../../base/errors.ts'
import { loadLater } from '../../base/load-later.ts'
import type { RunStep, Steps } from '../../runs/steps.ts'
import type { CountedStep, MeterSources } from './meters.ts'

/** What is counted since the service started, and what can be read off it now. */
export interface Metrics {
  /** All of it in Prometheus's text format. */
  text(): Promise<string>
  close(): void
}

/** The type of {@link Metrics.text}: prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** So many steps wait for somebody to ask; with one more the library is loaded, and counts them. */
const MOST_WAITING = 1000

/** Counts every step from now on. The library is loaded when somebody asks: many a service is never asked. */
export function createMetrics(steps: Steps, sources: MeterSources, logger: Pick<Logger, 'error'>): Metrics {
  const library = loadLater(['prom-client'], async () => (await import('./meters.ts')).openMeters(sources))
  const waiting: CountedStep[] = []

  /** Loads the library and counts what has waited, each step once, whatever becomes of another one. */
  async function counted() {
    const meters = await library.load()
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      try {
        meters.take(step)
      } catch (error) {
        fail(error)
      }
    }
    return meters
  }
  const fail = (error: unknown) => logger.error({ error: messageOf(error) }, 'metrics.fail')

  const leave = steps.subscribe((step) => {
    if (step.step !== 'stopped' && step.step !== 'ended') return
    waiting.push(countedOf(step))
    if (waiting.length > MOST_WAITING || library.isWanted()) counted().catch(fail)
  })
  return {
    text: async () => (await counted()).text(),
    close() {
      leave()
      if (library.isWanted()) library.load().then(({ close }) => close(), fail)
    },
  }
}

/** What is counted of a step, without its run's long texts. */
function countedOf({ step, run }: RunStep): CountedStep {
  const {
    trigger,
    outcome,
    returnCode,
    announcedAt,
    stoppedAt,
    stoppedPids,
    launchedAt,
    endedAt,
    outputBytes,
    verdict,
  } = run
  const counted = {
    trigger,
    outcome,
    returnCode,
    announcedAt,
    stoppedAt,
    launchedAt,
    endedAt,
    outputBytes,
    verdict,
  }
  return { step, run: { ...counted, stoppedCount: stoppedPids.length } }
}
