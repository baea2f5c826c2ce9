import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'
import { setOrLeaveOut } from './set.ts'

const NANO = 1e9
/** How often the event loop is looked at, in milliseconds. Each look wakes the process: at 50 it uses about 0.1 % of a core. */
const RESOLUTION_MS = 50

/**
 * Adds what Prometheus and Node's exporters tell of a process, under the names that their dashboards know
 * (prometheus.io/docs/instrumenting/writing_clientlibs, "process metrics"). The library's own set is not used: three of
 * its gauges are named like counters. Returns how to stop looking at the event loop.
 */
export function addProcessMeters(registry: Registry, hasProc: boolean): () => void {
  const registers = [registry]
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time that the service used, its agents not counted.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory of the service, its agents not counted.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the service started, in seconds since the epoch.',
    registers,
  }).set(performance.timeOrigin / 1000)
  if (hasProc) {
    new Gauge({
      name: 'process_open_fds',
      help: 'Files and sockets that the service has open.',
      registers,
      collect() {
        return setOrLeaveOut(this, () => readdirSync('/proc/self/fd').length)
      },
    })
  }

  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  /** What is measured is the time between two looks; a mean of none is NaN. */
  const seconds = (nanoseconds: number) => Math.max(0, (nanoseconds || 0) / NANO - RESOLUTION_MS / 1000)
  new Gauge({
    name: 'nodejs_eventloop_lag_mean_seconds',
    help: 'Delay of the event loop since the last look, on average.',
    registers,
    // The first to be collected of the three, for all of them.
    collect() {
      this.set(seconds(delay.mean))
      p99.set(seconds(delay.percentile(99)))
      max.set(seconds(delay.max))
      delay.reset()
    },
  })
  const p99 = new Gauge({
    name: 'nodejs_eventloop_lag_p99_seconds',
    help: 'Delay of the event loop since the last look, that of 99 in 100 at most.',
    registers,
  })
  const max = new Gauge({
    name: 'nodejs_eventloop_lag_max_seconds',
    help: 'Delay of the event loop since the last look, at most.',
    registers,
  })
  return () => {
    delay.disable()
  }
}
