import type { ServiceFacts } from '../../src/views/metrics/service-meters.ts'

/** One line of a text in Prometheus's format. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Every sample of a text; fails on a line that is none. */
export function samplesOf(text: string): Sample[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const found = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (!found) throw new Error(`no sample: ${line}`)
    const [, name = '', labels = '', value] = found
    const pairs = [...labels.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, key, text]) => [key, text])
    return { name, labels: Object.fromEntries(pairs), value: Number(value) }
  })
}

/** The value of one series; null where there is none. */
export function sampleOf(text: string, name: string, labels: Record<string, string> = {}): number | null {
  const wanted = Object.entries(labels)
  const found = samplesOf(text).find(
    (one) => one.name === name && wanted.every(([key, value]) => one.labels[key] === value),
  )
  return found?.value ?? null
}

/** What a service tells of itself that has nothing to tell. */
export const NO_FACTS: ServiceFacts = {
  version: '1.2.3',
  tokens: () => [{ name: 'ci', scope: 'run', expiresAt: Date.UTC(2027, 0, 1) }],
  freeBytes: () => 1024,
}
