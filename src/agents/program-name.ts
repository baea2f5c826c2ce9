const INTERPRETER = /^(node|nodejs|bun|sh|bash|dash|zsh|ksh)$/

const basename = (file: string) => file.slice(file.lastIndexOf('/') + 1)

/**
 * The words of an argv from its program on: the name of the program, or of the script that an interpreter without options runs,
 * as npm installs programs; then its arguments.
 */
export function programWords(argv: readonly string[]): readonly string[] {
  const [first = '', ...rest] = argv
  const words = INTERPRETER.test(basename(first)) ? rest : argv
  const [program = '', ...others] = words
  return [basename(program).replace(/\.(exe|[cm]?js)$/, ''), ...others]
}
