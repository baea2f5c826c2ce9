/** What something is told apart by, and every value of that. */
export interface Label {
  readonly name: string
  readonly values: readonly string[]
}

/** Something that is counted since the service started. */
export interface CounterSpec {
  readonly name: string
  readonly help: string
  /** Each value of it starts at 0, so that rates are right from the first on. */
  readonly label?: Label
}

/** Something that is looked at when somebody asks. */
export interface GaugeSpec {
  readonly name: string
  readonly help: string
  /** Null: there is nothing to tell now. */
  look(): number | null
}

/** Something of which there are several, told apart by a label. */
export interface LabelledGaugeSpec {
  readonly name: string
  readonly help: string
  readonly label: Label
  /** Looks once; what it returns tells the number of each value of the label. */
  look(): (value: string) => number
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
  gaugeBy(spec: LabelledGaugeSpec): void
  counters(): readonly Counted[]
  gauges(): readonly GaugeSpec[]
  labelledGauges(): readonly LabelledGaugeSpec[]
}

/** Meters that hold nothing yet. */
export function createMeters(): Meters {
  const counters: Counted[] = []
  const gauges: GaugeSpec[] = []
  const labelledGauges: LabelledGaugeSpec[] = []
  return {
    counter(spec) {
      const counts = new Map((spec.label?.values ?? ['']).map((value) => [value, 0]))
      counters.push({ ...spec, counts })
      return (label = '') => counts.set(label, Number(counts.get(label)) + 1)
    },
    gauge(spec) {
      gauges.push(spec)
    },
    gaugeBy(spec) {
      labelledGauges.push(spec)
    },
    counters: () => counters,
    gauges: () => gauges,
    labelledGauges: () => labelledGauges,
  }
}
