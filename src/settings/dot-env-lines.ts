import { parseEnv } from 'node:util'

/** A comment or nothing; an entry with its name and value; what is neither. A value in quotes may go over several lines. */
const LINE =
  /^[^\S\n]*(?:(?:#.*)?|(?:export )?([^=\n]*?)[^\S\n]*=[^\S\n]*(?:(["'`])([\s\S]*?)\2(.*)|(.*))|(.+))$/gm

const NAME = /^[A-Za-z_][\w.-]*$/

interface Entry {
  readonly line: number
  /** As it looks; null for what looks broken. */
  readonly value: string | null
}

/**
 * What in a `.env` does not do what it looks like, as sentences that name the line. No value is shown. Node leaves out
 * what it does not understand without a word: nodejs.org/api/environment_variables.html, "DotEnv files".
 */
export function tellOfLines(text: string): string[] {
  const lines = text.replace(/\r\n?/g, '\n')
  const entries = new Map<string, Entry>()
  const told: string[] = []
  let line = 1
  let at = 0
  for (const {
    index,
    1: name,
    2: quote,
    3: quoted,
    4: behind = '',
    5: bare = '',
    6: other,
  } of lines.matchAll(LINE)) {
    line += lines.slice(at, index).split('\n').length - 1
    at = index
    if (other !== undefined) told.push(`line ${line} has no "=", and counts for nothing`)
    if (name === undefined) continue
    if (!NAME.test(name)) {
      // Not shown: it may be a secret that was pasted alone.
      told.push(`line ${line} does not begin with the name of a variable`)
      continue
    }
    const earlier = entries.get(name)
    if (earlier) told.push(`line ${line} sets ${name} again: line ${earlier.line} counts for nothing`)
    const value = quoted === undefined ? bareValue(bare) : quotedValue(quoted, quote, behind)
    entries.set(name, { line, value })
  }
  const values = parseEnv(text)
  for (const [name, entry] of entries) {
    if (values[name] !== entry.value)
      told.push(
        `line ${entry.line}: ${name} is not read as it looks; put its whole value in one pair of quotes`,
      )
  }
  return told
}

function bareValue(bare: string): string | null {
  const value = bare.replace(/(^|\s)#.*$/, '').trim()
  return /^["'`]/.test(value) ? null : value
}

function quotedValue(quoted: string, quote: string | undefined, behind: string): string | null {
  if (!/^\s*(#.*)?$/.test(behind)) return null
  return quote === '"' ? quoted.replaceAll('\\n', '\n') : quoted
}
