import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** One number, and what it should be. */
export interface Row {
  /** The same in every run: notes refer to it. */
  readonly what: string
  readonly value: number
  readonly unit: 'ms' | 's' | 'MB' | '×' | '%' | '1/s'
  readonly target: Target | null
}

/** Where the number should lie; in the row's unit. */
export type Target = { readonly atMost: number } | { readonly atLeast: number }

/** What one question brought. */
export interface Result {
  readonly name: string
  readonly question: string
  readonly date: string
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
  /** Circumstances of this run: peers left out, counts. */
  readonly facts: readonly string[]
  readonly rows: readonly (Row & { readonly met: boolean | null })[]
}

const PROJECT = path.resolve(import.meta.dirname, '../..')
export const RESULTS = path.join(PROJECT, 'bench/results')

/** A number without a target. */
export const seen = (what: string, value: number, unit: Row['unit']): Row => ({
  what,
  value,
  unit,
  target: null,
})

/** A number that should be small. */
export const atMost = (what: string, value: number, unit: Row['unit'], limit: number): Row => ({
  what,
  value,
  unit,
  target: { atMost: limit },
})

/** A number that should be small, or has no target. */
export const atMostOrSeen = (what: string, value: number, unit: Row['unit'], limit: number | null): Row =>
  limit === null ? seen(what, value, unit) : atMost(what, value, unit, limit)

/** A number that should be great. */
export const atLeast = (what: string, value: number, unit: Row['unit'], limit: number): Row => ({
  what,
  value,
  unit,
  target: { atLeast: limit },
})

function isMet({ value, target }: Row): boolean | null {
  if (target === null) return null
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast
}

/** `1.23 ms`. */
export function show(value: number, unit: Row['unit']): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0
  return `${value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })} ${unit}`
}

/** `≤ 15 ms`, or nothing. */
export function showTarget({ target, unit }: Row): string {
  if (target === null) return ''
  return 'atMost' in target ? `≤ ${target.atMost} ${unit}` : `≥ ${target.atLeast} ${unit}`
}

/** What it was measured on. */
function machine(): string {
  const cpus = os.cpus()
  const memory = Math.round(os.totalmem() / 2 ** 30)
  return `${cpus.length} × ${cpus[0]?.model ?? 'unknown'}, ${memory} GiB, ${os.type()} ${os.release()}`
}

function versions(): Record<string, string> {
  const of = (directory: string): string =>
    JSON.parse(readFileSync(path.join(PROJECT, directory, 'package.json'), 'utf8')).version
  const webhook = webhookVersion()
  return {
    Looper: of('.'),
    Node: process.version,
    Fastify: of('node_modules/fastify'),
    ...(webhook && { webhook }),
  }
}

/** Null where it is not installed. */
export function webhookVersion(): string | null {
  try {
    const told = execFileSync('webhook', ['-version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return /\d\S*/.exec(told)?.[0] ?? told.trim()
  } catch {
    return null
  }
}

/** Prints a table, and writes the same to `bench/results/<name>.json`. */
export function report(name: string, question: string, facts: readonly string[], rows: readonly Row[]): void {
  const result: Result = {
    name,
    question,
    date: new Date().toISOString(),
    machine: machine(),
    versions: versions(),
    facts,
    rows: rows.map((row) => ({ ...row, met: isMet(row) })),
  }
  console.log(`\n${question}\n${result.machine}\n`)
  const width = Math.max(...rows.map(({ what }) => what.length)) + 2
  for (const row of result.rows) {
    const verdict = row.met === null ? '' : row.met ? 'met' : 'missed'
    console.log(
      row.what.padEnd(width) +
        show(row.value, row.unit).padStart(12) +
        showTarget(row).padStart(14) +
        verdict.padStart(8),
    )
  }
  for (const fact of facts) console.log(fact)
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(path.join(RESULTS, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}
