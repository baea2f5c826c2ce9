/** Something that is counted since the service started. */
export interface CounterSpec {
  readonly name: string
  readonly help: string
  /** What it is told apart by, and every value of that: each starts at 0, so that rates are right from the first on. */
  readonly label?: { readonly name: string; readonly values: readonly string[] }
}

/** Something that is looked at when somebody asks. */
export interface GaugeSpec {
  readonly name: string
  readonly help: string
  /** Null: there is nothing to tell now. */
  look(): number | null
}

/** A counter as it stands. */
export interface Counted extends CounterSpec {
  /** By the value of its label; under the empty text where it has none. */
  readonly counts: ReadonlyMap<string, number>
}

/** What the parts of the service measure, as plain numbers; a view puts it into words. */
export interface Meters {
  /** Returns how to count one more, of that label. */
  counter(spec: CounterSpec): (label?: string) => void
  gauge(spec: GaugeSpec): void
  counters(): readonly Counted[]
  gauges(): readonly GaugeSpec[]
}

/** Meters that hold nothing yet. */
export function createMeters(): Meters {
  const counters: Counted[] = []
  const gauges: GaugeSpec[] = []
  return {
    counter(spec) {
      const counts = new Map((spec.label?.values ?? ['']).map((value) => [value, 0]))
      counters.push({ ...spec, counts })
      return (label = '') => counts.set(label, Number(counts.get(label)) + 1)
    },
    gauge(spec) {
      gauges.push(spec)
    },
    counters: () => counters,
    gauges: () => gauges,
  }
}
