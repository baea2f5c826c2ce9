import { parseArgs } from 'node:util'

const EX_WRONG_USE = 2

/** Reads the arguments of a bench; `--help`, and what there is not, ends the process with the usage. */
export function readArguments(usage: string): { readonly isQuick: boolean } {
  const full = `Usage: ${usage} [--quick]

  --quick  only to see that it works: small sizes, and numbers that mean nothing

Nothing that it starts is left behind, also on Ctrl-C.`
  try {
    const options = {
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    } as const
    const { values } = parseArgs({ options })
    if (!values.help) return { isQuick: values.quick }
    console.log(full)
    process.exit(0)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${full}`)
    process.exit(EX_WRONG_USE)
  }
}
