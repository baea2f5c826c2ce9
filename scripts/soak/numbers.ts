import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

/** What the command line asks for, each a whole number with its default; `--seed` besides, by default another one each time. */
export function readNumbers<T extends string>(defaults: Readonly<Record<T, number>>) {
  const all: Record<string, number> = { ...defaults, seed: randomInt(2 ** 31) }
  const options = Object.fromEntries(
    Object.entries(all).map(([name, byDefault]) => [
      name,
      { type: 'string', default: String(byDefault) } as const,
    ]),
  )
  const { values } = parseArgs({ options })
  return (name: T | 'seed'): number => {
    const given = values[name]
    if (typeof given === 'string' && /^\d+$/.test(given)) return Number(given)
    throw new Error(`--${name}: "${given}" is no number`)
  }
}
