import type { JSONPath, ParseErrorCode } from 'jsonc-parser'
import { requirePackage } from '../base/load-later.ts'
import { pointerOf } from './pointer.ts'

/** What a text in JSON with comments and trailing commas says. */
export interface Jsonc {
  /** Undefined where there are only comments. Its objects have no prototype. */
  readonly value: unknown
  /** Line and column, from 1, of the name or value that a JSON pointer leads to; of what would hold it where that is not there. */
  placeOf(pointer: string): string
}

/** More than any settings need. What reads values calls itself for each of them. */
const MOST_DEPTH = 20

/** An object or a list that has not ended. */
interface Open {
  readonly names: Set<string>
  readonly add: (value: unknown) => void
}

/**
 * Reads JSON as owners write it. Loads what reads it.
 * @throws {Error} beginning with line and column: for what is none, is nested too deeply, or has a name twice in one object
 */
export function readJsonc(text: string): Jsonc {
  const { visit, printParseErrorCode }: typeof import('jsonc-parser') = requirePackage('jsonc-parser')
  const places = new Map<string, string>()
  let root: unknown
  let name = ''
  const add = (value: unknown) => {
    root = value
  }
  const open: Open[] = [{ names: new Set(), add }]
  const put = (value: unknown, line: number, column: number, path: JSONPath) => {
    const pointer = pointerOf(path)
    // That of its name is known by now.
    if (!places.has(pointer)) places.set(pointer, placeAt(line, column))
    open.at(-1)?.add(value)
  }
  const begin = (line: number, column: number, add: Open['add']) => {
    if (open.length > MOST_DEPTH) throw faultAt(line, column, `nested more than ${MOST_DEPTH} deep`)
    open.push({ names: new Set(), add })
  }
  const end = () => {
    open.pop()
  }

  visit(
    text,
    {
      onObjectBegin(_offset, _length, line, column, pathOf) {
        const object: Record<string, unknown> = Object.create(null)
        put(object, line, column, pathOf())
        begin(line, column, (value) => {
          object[name] = value
        })
      },
      onObjectProperty(given, _offset, _length, line, column, pathOf) {
        const names = open.at(-1)?.names
        if (names?.has(given)) throw faultAt(line, column, `${JSON.stringify(given)} is there already`)
        names?.add(given)
        name = given
        places.set(pointerOf([...pathOf(), given]), placeAt(line, column))
      },
      onObjectEnd: end,
      onArrayBegin(_offset, _length, line, column, pathOf) {
        const list: unknown[] = []
        put(list, line, column, pathOf())
        begin(line, column, (value) => list.push(value))
      },
      onArrayEnd: end,
      onLiteralValue(value: unknown, _offset, _length, line, column, pathOf) {
        put(value, line, column, pathOf())
      },
      onError(code: ParseErrorCode, _offset, _length, line, column) {
        throw faultAt(line, column, inWords(printParseErrorCode(code)))
      },
    },
    { allowTrailingComma: true, allowEmptyContent: true },
  )

  if (!places.has('')) places.set('', placeAt(0, 0))
  function placeOf(pointer: string): string {
    return places.get(pointer) ?? placeOf(pointer.replace(/\/[^/]*$/, ''))
  }
  return { value: root, placeOf }
}

const placeAt = (line: number, column: number) => `${line + 1}:${column + 1}`

const faultAt = (line: number, column: number, what: string) => new Error(`${placeAt(line, column)}: ${what}`)

/** "CommaExpected" as "comma expected". */
const inWords = (code: string) => code.replace(/\B[A-Z]/g, (letter) => ` ${letter}`).toLowerCase()
