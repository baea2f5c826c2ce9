import { isDeepStrictEqual } from 'node:util'
import type { Node } from 'jsonc-parser'
import { requirePackage } from '../../../base/load-later.ts'
import { readJsonc } from '../../../settings/jsonc.ts'

/** How a file is written. */
interface Style {
  readonly eol: string
  /** One step to the right. */
  readonly indent: string
}

/**
 * A text in JSON, with comments perhaps, in which a value stands at a path; everything else is as it was, byte for byte.
 * jsonc-parser's own edits would format what stands beside it, too.
 * @throws {Error} where it is no such text, or something on the path is no object
 */
export function withValue(text: string, way: readonly [outer: string, inner: string], value: object): string {
  const { parseTree, findNodeAtLocation }: typeof import('jsonc-parser') = requirePackage('jsonc-parser')
  const [outer, inner] = way
  const whole = readJsonc(text).value
  const style = styleOf(text)
  const root = parseTree(text, [], { allowTrailingComma: true })
  if (whole === undefined || root === undefined)
    return `${text}${written({ [outer]: { [inner]: value } }, 0, style)}${style.eol}`
  const group = findNodeAtLocation(root, [outer])
  const there = findNodeAtLocation(root, [outer, inner])
  if (root.type !== 'object') throw new Error('it is no object')
  if (group === undefined) return inserted(text, root, 1, outer, { [inner]: value }, style)
  if (group.type !== 'object') throw new Error(`"${outer}" in it is no object`)
  if (there === undefined) return inserted(text, group, 2, inner, value, style)
  const end = there.offset + there.length
  const { value: old } = readJsonc(text.slice(there.offset, end))
  // The reader's objects have no prototype.
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(old)), value)) return text
  return text.slice(0, there.offset) + written(value, 2, style) + text.slice(end)
}

/** Behind the last property, before a comma that may follow it. */
function inserted(
  text: string,
  { offset, length, children = [] }: Node,
  depth: number,
  name: string,
  value: object,
  style: Style,
): string {
  const { eol, indent } = style
  const last = children.at(-1)
  const at = last === undefined ? offset + 1 : last.offset + last.length
  const isOneLine = !text.slice(at, offset + length).includes('\n')
  const property = `${JSON.stringify(name)}: ${written(value, depth, style)}`
  const before = `${last === undefined ? '' : ','}${eol}${indent.repeat(depth)}`
  const after = isOneLine ? eol + indent.repeat(depth - 1) : ''
  return (
    text.slice(0, at) + before + property + after + text.slice(at).replace(isOneLine ? /^[ \t]+/ : /^/, '')
  )
}

const written = (value: object, depth: number, { eol, indent }: Style) =>
  JSON.stringify(value, null, indent).replaceAll('\n', eol + indent.repeat(depth))

function styleOf(text: string): Style {
  const indent = /^(\t| +)(?=["}\]])/m.exec(text)?.[0] ?? '  '
  return { indent, eol: text.includes('\r\n') ? '\r\n' : '\n' }
}
