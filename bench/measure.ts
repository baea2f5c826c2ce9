import os from 'node:os'

/** One series of measurements, in milliseconds. */
export interface Series {
  readonly name: string
  readonly values: readonly number[]
}

/** The value below which this share of the series lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** What it was measured on. */
export function machine(): string {
  const [cpu] = os.cpus()
  return `${os.cpus().length} × ${cpu?.model ?? 'unknown'}, ${os.type()} ${os.release()}, Node ${process.version}`
}

/** Prints a table, its ratios against the last series, and the same as one line of JSON. */
export function report(title: string, series: readonly Series[]): void {
  const rows = series.map(({ name, values }) => ({
    name,
    count: values.length,
    p50: quantile(values, 0.5),
    p95: quantile(values, 0.95),
  }))
  const base = rows.at(-1)?.p50 ?? Number.NaN
  console.log(`\n${title}\n${machine()}\n`)
  console.log(
    `${'ms'.padEnd(24)}${'runs'.padStart(8)}${'p50'.padStart(10)}${'p95'.padStart(10)}${'ratio'.padStart(8)}`,
  )
  for (const { name, count, p50, p95 } of rows) {
    const cells = [String(count).padStart(8), p50.toFixed(1).padStart(10), p95.toFixed(1).padStart(10)]
    console.log(`${name.padEnd(24)}${cells.join('')}${(p50 / base).toFixed(1).padStart(8)}`)
  }
  console.log(`\n${JSON.stringify({ title, machine: machine(), rows })}`)
}
