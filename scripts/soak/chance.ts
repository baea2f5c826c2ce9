/** Seeded chance: the same seed deals the same hand. */
export interface Chance {
  /** From `from` up to, and without, `to`. */
  between(from: number, to: number): number
  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number
  happens(probability: number): boolean
  /** One of these, each as likely as its weight. */
  oneOf<T>(choices: readonly (readonly [weight: number, choice: T])[]): T
}

/** Chance number `index` of a seed, independent of how often the others were asked (mulberry32). */
export function chance(seed: number, index: number): Chance {
  let state = Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (from: number, to: number) => from + next() * (to - from)
  return {
    between,
    whole: (from, to) => Math.floor(between(from, to + 1)),
    happens: (probability) => next() < probability,
    oneOf(choices) {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0)
      for (const [weight, choice] of choices) {
        left -= weight
        if (left < 0) return choice
      }
      throw new Error('nothing to choose from')
    },
  }
}
