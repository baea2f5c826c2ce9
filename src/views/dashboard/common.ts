/** A page names what it has in common with others in a line of its own: `<!-- as in gate.html -->`. */
const LINE = /^[ \t]*<!-- as in ([a-z]+\.html) -->\n/gm

/** A page, with what it has in common with others in its place. @param read the text of a file */
export const withCommon = (page: string, read: (file: string) => string): string =>
  page.replace(LINE, (_line, file: string) => read(file))
