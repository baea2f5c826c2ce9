/** A comment that has its lines to itself, with them. */
const COMMENTS: Readonly<Record<string, RegExp>> = {
  '.js': /^[ \t]*(?:\/\/.*|\/\*(?:(?!\*\/)[\s\S])*\*\/[ \t]*)\n/gm,
  '.css': /^[ \t]*\/\*(?:(?!\*\/)[\s\S])*\*\/[ \t]*\n/gm,
  '.html': /^[ \t]*<!--(?:(?!-->)[\s\S])*-->[ \t]*\n/gm,
}

/**
 * A text of the page without its indentation, its empty lines and the comments that have lines to themselves, which browsers
 * do not need. It is no parser: a script with a text of several lines, where a space may matter, stays as it is, and
 * so does what is of another kind.
 */
export function trimmed(text: string, extension: string): string {
  const comments = COMMENTS[extension]
  if (!comments) return text
  const bare = text
    .replace(comments, '')
    .replace(/^[ \t]+/gm, '')
    .replace(/\n{2,}/g, '\n')
  return extension === '.js' && hasLongTexts(bare) ? text : bare
}

/** Whether a template or a string goes on on the next line; or looks as if it did. */
const hasLongTexts = (script: string) =>
  script.split('\n').some((line) => line.endsWith('\\') || line.split('`').length % 2 === 0)
