import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { messageOf } from '../../src/base/errors.ts'

const USAGE = `Usage: npm run soak -- [--runs N] [--kills N] [--seed N]

Launches thousands of scripted runs, kills and hinders what it can, and looks whether every promise is kept.
  --runs   how many runs: 2000
  --kills  how often the service is killed: 200
  --seed   the same seed makes the same choices

It takes about ten minutes. Ctrl-C ends it early and leaves nothing behind. As root it also fills a small disk of its own.`

/** What the command line asks for. Help, and what is wrong, end the program. */
export function readArguments() {
  try {
    const options = {
      runs: { type: 'string', default: '2000' },
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      help: { type: 'boolean', short: 'h', default: false },
    } as const
    const { values } = parseArgs({ options })
    if (values.help) {
      console.log(USAGE)
      process.exit(0)
    }
    const { runs, kills, seed } = values
    return { runs: count('runs', runs), kills: count('kills', kills), seed: count('seed', seed) }
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`)
    process.exit(2)
  }
}

function count(name: string, given: string): number {
  if (/^\d+$/.test(given)) return Number(given)
  throw new Error(`--${name}: "${given}" given, expected a whole number`)
}
