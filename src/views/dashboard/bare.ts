/**
 * A script or a style sheet of the page without what only its authors read: comments that stand alone on their lines,
 * indentation and empty lines. Nothing else is taken out; no text over several lines may look like a comment.
 */
export function bare(source: string): string {
  const kept: string[] = []
  let isInside = false
  for (const line of source.split('\n')) {
    const text = line.trim()
    const end = text.indexOf('*/')
    const isWhole = text.startsWith('/*') && end === text.length - 2
    const begins = text.startsWith('/*') && end === -1
    const isComment = isInside || begins || isWhole || text.startsWith('//')
    isInside = (isInside || begins) && end === -1
    if (!isComment && text !== '') kept.push(text)
  }
  return `${kept.join('\n')}\n`
}
