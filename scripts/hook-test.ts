import '../src/node-version.cjs'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../src/base/errors.ts'
import { expandHome, homeDirectory } from '../src/base/home.ts'
import { printTo } from '../src/cli/print.ts'
import { readDotEnv } from '../src/settings/dot-env.ts'
import type { Places } from '../src/settings/part.ts'
import { decide } from '../src/triggers/hooks/decide.ts'
import { readHooks, secretsOf } from '../src/triggers/hooks/hooks-file.ts'

const USAGE = `Usage: npm run hook:test -- NAME payload.json [--event EVENT] [--file PATH]

Shows what a delivery with this payload would do. Nothing is sent, stopped or started.
  --event  the event, as X-GitHub-Event or X-Gitlab-Event would name it
  --file   the hooks file; LOOPER_HOOKS_FILE without it`

const EX_WRONG_USE = 2

type Write = (line: string) => void

/** Runs the command line; returns its exit status. */
export function main(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { projectDir, home }: Places,
  { say, complain }: { say: Write; complain: Write },
): number {
  try {
    const options = {
      event: { type: 'string' },
      file: { type: 'string' },
      help: { type: 'boolean' },
    } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (values.help) {
      say(USAGE)
      return 0
    }
    const [name, payloadFile, ...more] = positionals
    const named = env.LOOPER_HOOKS_FILE
    // A setting is read as the service reads it.
    const file = values.file ?? (named && path.resolve(projectDir, expandHome(named, home)))
    if (name === undefined || payloadFile === undefined || more.length > 0)
      throw new Error('Give NAME and a payload file.')
    if (!file) throw new Error('Give --file, or set LOOPER_HOOKS_FILE.')
    const hooks = readHooks(file)
    const hook = hooks.get(name)
    if (!hook) throw new Error(`${file} has no hook called ${name}; it has: ${[...hooks.keys()].join(', ')}`)
    secretsOf(hook, env)
    const headers = values.event === undefined ? {} : { 'x-github-event': values.event }
    const decision = decide(hook, { headers }, JSON.parse(readFileSync(payloadFile, 'utf8')))
    if (decision.kind === 'ignored') {
      say(`It would be ignored: ${decision.reason}`)
      return 0
    }
    say('It would ask for a run, whose workspace and program are checked when it comes:')
    const shown = { codex_prompt: '(the default one)', workspace: '(the default one)', ...decision.body }
    for (const [field, value] of Object.entries(shown)) say(`\n${field}:\n${value}`)
    return 0
  } catch (error) {
    complain(`${messageOf(error)}\n\n${USAGE}`)
    return EX_WRONG_USE
  }
}

if (import.meta.main) {
  const complain = printTo(process.stderr)
  const places = { projectDir: path.resolve(import.meta.dirname, '..'), home: homeDirectory() }
  const env = { ...readDotEnv(places.projectDir, complain), ...process.env }
  process.exitCode = main(process.argv.slice(2), env, places, {
    say: printTo(process.stdout),
    complain,
  })
}
