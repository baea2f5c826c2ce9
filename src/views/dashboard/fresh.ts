import { createHash } from 'node:crypto'
import type { Coding } from './coding.ts'

/** A name for a content in a coding, for `ETag`: another content, or another coding, has another. */
export function tagsOf(content: Buffer): (coding: Coding) => string {
  const name = createHash('sha256').update(content).digest('base64url').slice(0, 22)
  return (coding) => `"${name}-${coding}"`
}

/**
 * Whether a client has this already, as its `If-None-Match` says.
 * Source: RFC 9110, 13.1.2: a list of tags, weak or not, or a star.
 */
export function isKnownTag(tag: string, known = ''): boolean {
  return known.split(',').some((each) => [tag, `W/${tag}`, '*'].includes(each.trim()))
}
