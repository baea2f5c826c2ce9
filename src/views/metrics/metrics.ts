import type { Logger } from 'pino'
import { messageOf } from '../../base/errors.ts'
import { loadLater } from '../../base/load-later.ts'
import type { Steps } from '../../runs/steps.ts'
import type { MeterSources, Meters } from './meters.ts'

/** What is counted since the service started, and what can be read off it now. */
export interface Metrics {
  /** All of it in Prometheus's text format. */
  text(): Promise<string>
  close(): void
}

/** The type of {@link Metrics.text}: prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Counts every step from now on. The library is loaded when there is something to count, so that a start is fast. */
export function createMetrics(steps: Steps, sources: MeterSources, logger: Pick<Logger, 'error'>): Metrics {
  const meters = loadLater(['prom-client'], async () => (await import('./meters.ts')).openMeters(sources))
  const count = (work: (opened: Meters) => void) => {
    meters
      .load()
      .then(work)
      .catch((error: unknown) => logger.error({ error: messageOf(error) }, 'metrics.fail'))
  }
  const leave = steps.subscribe((step) => count(({ take }) => take(step)))
  return {
    text: async () => (await meters.load()).text(),
    close() {
      leave()
      if (meters.isWanted()) count((opened) => opened.close())
    },
  }
}
