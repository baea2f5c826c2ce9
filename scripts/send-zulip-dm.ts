import '../src/node-version.cjs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../src/base/errors.ts'
import { homeDirectory } from '../src/base/home.ts'
import { printTo } from '../src/cli/print.ts'
import { zulipSettings } from '../src/notices/zulip/settings.ts'
import { describeRoute, zulipNotices } from '../src/notices/zulip/zulip.ts'
import { findCredentials } from '../src/notices/zulip/zuliprc.ts'
import { ConfigError } from '../src/settings/config-error.ts'
import { readDotEnv } from '../src/settings/dot-env.ts'
import { beginReading, type Places } from '../src/settings/part.ts'

const USAGE = `Usage: node scripts/send-zulip-dm.ts [--dry-run] "message"

Sends one Zulip notice as Looper does, with the ZULIP_ settings of the environment or of .env.
  --dry-run  send nothing; tell whose credentials would be used, and where the message would go
  --help     show this`

/** sysexits.h: a configuration error. */
const EX_CONFIG = 78
const EX_WRONG_USE = 2

type Write = (line: string) => void

/** Runs the command line; resolves with its exit status. `env` goes before the project's `.env`. */
export async function main(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  places: Places,
  { say, complain }: { say: Write; complain: Write },
): Promise<number> {
  const end = (status: number, write: Write, text: string) => {
    write(text)
    return status
  }
  const { help, dryRun, message, wrong } = readCommand(args)
  if (help) return end(0, say, USAGE)
  if (wrong) return end(EX_WRONG_USE, complain, `${wrong}\n\n${USAGE}`)
  try {
    const all = { ...readDotEnv(places.projectDir, complain), ...env }
    const reading = beginReading(all, places)
    const zulip = zulipSettings.read(reading)
    if (reading.problems.length > 0) throw new ConfigError(reading.problems)
    const found = findCredentials(zulip)
    if (found.kind !== 'ready') {
      return end(1, complain, found.missing.map((name) => `Missing ${name}`).join('\n'))
    }
    const set = `source=${found.source} site=set email=set key=set`
    if (dryRun) return end(0, say, `DRY_RUN_OK ${set} ${describeRoute(zulip)}`)
    const { output } = await zulipNotices(zulip, all, complain)(message, new AbortController().signal)
    return end(0, say, output)
  } catch (error) {
    if (error instanceof ConfigError) return end(EX_CONFIG, complain, error.message)
    return end(1, complain, `failed to send Zulip message: ${messageOf(error)}`)
  }
}

function readCommand(args: readonly string[]) {
  // A message may begin with a dash; no option holds a space.
  const isText = (arg: string) => /\s/.test(arg)
  const words = args.filter((arg) => !isText(arg))
  const rest = [...(words.includes('--') ? [] : ['--']), ...args.filter(isText)]
  const options = { 'dry-run': { type: 'boolean' }, help: { type: 'boolean' } } as const
  try {
    const { values, positionals } = parseArgs({ args: [...words, ...rest], options, allowPositionals: true })
    const { help = false, 'dry-run': dryRun = false } = values
    const [message = '', ...more] = positionals
    if (more.length > 0) throw new Error('The message is one argument: put it in quotes.')
    if (message.trim() === '' && !help && !dryRun) throw new Error('There is no message.')
    return { help, dryRun, message, wrong: null }
  } catch (error) {
    return { help: false, dryRun: false, message: '', wrong: messageOf(error) }
  }
}

if (import.meta.main) {
  const places = { projectDir: path.resolve(import.meta.dirname, '..'), home: homeDirectory() }
  process.exitCode = await main(process.argv.slice(2), process.env, places, {
    say: printTo(process.stdout),
    complain: printTo(process.stderr),
  })
}
