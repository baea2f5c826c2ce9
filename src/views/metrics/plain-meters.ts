import { Counter, Gauge, type Registry } from 'prom-client'
import type { Meters } from '../../base/meters.ts'

/** Adds what the parts of the service measure as plain numbers, as it stands whenever somebody asks. */
export function addPlainMeters(
  registry: Registry,
  meters: Pick<Meters, 'counters' | 'gauges' | 'labelledGauges'>,
): void {
  const registers = [registry]
  for (const { name, help, label, counts } of meters.counters()) {
    new Counter({
      name,
      help,
      labelNames: label ? [label.name] : [],
      registers,
      collect() {
        this.reset()
        for (const [value, count] of counts) this.inc(label ? { [label.name]: value } : {}, count)
      },
    })
  }
  for (const { name, help, look } of meters.gauges()) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const value = look()
        if (value === null) this.remove()
        else this.set(value)
      },
    })
  }
  for (const { name, help, label, look } of meters.labelledGauges()) {
    new Gauge({
      name,
      help,
      labelNames: [label.name],
      registers,
      collect() {
        const countOf = look()
        for (const value of label.values) this.set({ [label.name]: value }, countOf(value))
      },
    })
  }
}
