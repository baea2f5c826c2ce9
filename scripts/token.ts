import '../src/node-version.cjs'
import { randomBytes } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { printTo } from '../src/cli/print.ts'
import type { Places } from '../src/config.ts'
import { readDotEnv } from '../src/dot-env.ts'
import { errnoOf, messageOf } from '../src/errors.ts'
import { expandHome, homeDirectory } from '../src/home.ts'
import { hashToken, SCOPES, TokensFile } from '../src/http/tokens.ts'
import { readChecked } from '../src/json-file.ts'
import { readOwnerFile } from '../src/owner-file.ts'

const USAGE = `Usage: npm run token -- NAME --scope read|run|admin [--days N] [--file PATH]

Makes a token, adds its hash to the tokens file, and shows it once.
  --scope  read: look; run: also launch and stop; admin: everything
  --days   how long it is valid; for ever without it
  --file   the tokens file; LOOPER_TOKENS_FILE without it`

const DAY_MS = 86_400_000
const MAX_DAYS = 36_500
const EX_WRONG_USE = 2

type Write = (line: string) => void

/** Runs the command line; returns its exit status. */
export function main(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { projectDir, home }: Places,
  now: number,
  { say, complain }: { say: Write; complain: Write },
): number {
  try {
    const options = {
      scope: { type: 'string' },
      days: { type: 'string' },
      file: { type: 'string' },
      help: { type: 'boolean' },
    } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (values.help) {
      say(USAGE)
      return 0
    }
    const scope = SCOPES.find((one) => one === values.scope)
    const days = values.days === undefined ? null : Number(values.days)
    const named = env.LOOPER_TOKENS_FILE
    // A setting is read as the service reads it.
    const file = values.file ?? (named && path.resolve(projectDir, expandHome(named, home)))
    const [name, ...more] = positionals
    if (name === undefined || more.length > 0) throw new Error('Give one NAME.')
    if (!scope) throw new Error('Give --scope read, run or admin.')
    if (days !== null && !(days > 0 && days <= MAX_DAYS))
      throw new Error(`--days takes a number above 0, up to ${MAX_DAYS}.`)
    if (!file) throw new Error('Give --file, or set LOOPER_TOKENS_FILE.')
    const expires = days === null ? {} : { expires: new Date(now + days * DAY_MS).toISOString() }

    const { tokens } = readTokens(file)
    if (tokens.some((token) => token.name === name))
      throw new Error(`${file} already has a token called ${name}.`)
    const token = `looper_${randomBytes(32).toString('base64url')}`
    const text = JSON.stringify(
      { tokens: [...tokens, { name, sha256: hashToken(token), scope, ...expires }] },
      null,
      2,
    )
    readChecked(TokensFile, text, 'the new token')
    // In one step: a service that reads at this moment sees the old file or the new one.
    writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
    say(token)
    complain(`Added ${name} (${scope}) to ${file}. The token is not shown again.`)
    return 0
  } catch (error) {
    complain(`${messageOf(error)}\n\n${USAGE}`)
    return EX_WRONG_USE
  }
}

function readTokens(file: string) {
  try {
    return readChecked(TokensFile, readOwnerFile(file), file)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { tokens: [] }
    throw error
  }
}

if (import.meta.main) {
  const complain = printTo(process.stderr)
  const places = { projectDir: path.resolve(import.meta.dirname, '..'), home: homeDirectory() }
  const env = { ...readDotEnv(places.projectDir, complain), ...process.env }
  process.exitCode = main(process.argv.slice(2), env, places, Date.now(), {
    say: printTo(process.stdout),
    complain,
  })
}
