const NEWLINE = 10
const BRACE = '{'
const MARK = Buffer.from('\\')
/** No event is without one of the first two; JSON may write their letters as escapes. */
const SIGNS = ['level', 'msg', '\\u']

/**
 * Puts a backslash behind the first brace of each line that anybody who reads the log line by line would take for an event
 * of the service: an object with a `level`, or with a text as its `msg`. Where there are none, they are the same bytes.
 */
export function markEvents(lines: Buffer): Buffer {
  if (!SIGNS.some((sign) => lines.includes(sign))) return lines
  const parts: Buffer[] = []
  let done = 0
  for (let brace = lines.indexOf(BRACE); brace !== -1; ) {
    const start = lines.lastIndexOf(NEWLINE, brace) + 1
    const end = endOfLine(lines, brace)
    if (isEvent(lines.toString('utf8', start, end).trim())) {
      parts.push(lines.subarray(done, brace + 1), MARK)
      done = brace + 1
    }
    brace = lines.indexOf(BRACE, end)
  }
  return done === 0 ? lines : Buffer.concat([...parts, lines.subarray(done)])
}

function endOfLine(lines: Buffer, from: number): number {
  const end = lines.indexOf(NEWLINE, from)
  return end === -1 ? lines.length : end
}

function isEvent(line: string): boolean {
  if (!line.startsWith(BRACE)) return false
  try {
    const value: object = JSON.parse(line)
    return 'level' in value || typeof Reflect.get(value, 'msg') === 'string'
  } catch {
    return false
  }
}
