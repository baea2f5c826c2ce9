import type { Gauge } from 'prom-client'

/** Sets a gauge to what can be seen now; where it cannot be seen there is no sample, and all others are told. */
export async function setOrLeaveOut(gauge: Gauge, look: () => number | Promise<number>): Promise<void> {
  try {
    gauge.set(await look())
  } catch {
    gauge.remove()
  }
}
