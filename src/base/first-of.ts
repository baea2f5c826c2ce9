/** The first of a list that is never empty. @throws {Error} where it is */
export function firstOf<T>(all: readonly T[]): T {
  const [first] = all
  if (first === undefined) throw new Error('there is none')
  return first
}
