/** Values that stand in no place where an agent would put them. */
const STRANGE: readonly unknown[] = [null, -1, 1e308, 'x', '', [], [null], {}, { type: 1 }, true]

type Path = readonly (string | number)[]

/** A stream again and again, with another value in one place of one of its lines, or without a line, or with one twice. */
export function* mutants(stream: string, values: readonly unknown[] = STRANGE): Generator<string> {
  const lines = stream.split('\n')
  for (const [i, line] of lines.entries()) {
    const others = (...words: readonly string[]) =>
      [...lines.slice(0, i), ...words, ...lines.slice(i + 1)].join('\n')
    yield others()
    yield others(line, line)
    if (!line.startsWith('{')) continue
    const event: unknown = JSON.parse(line)
    for (const [n, place] of placesIn(event).entries()) {
      yield others(JSON.stringify(replaced(event, place, values[n % values.length])))
      yield others(JSON.stringify(replaced(event, place, undefined)))
    }
  }
}

const isBranch = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

function placesIn(value: unknown): Path[] {
  if (!isBranch(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    [key],
    ...placesIn(inner).map((path) => [key, ...path]),
  ])
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by
  if (Array.isArray(value))
    return value.map((inner, i) => (i === Number(key) ? replaced(inner, rest, by) : inner))
  return isBranch(value) ? { ...value, [key]: replaced(value[key], rest, by) } : value
}
