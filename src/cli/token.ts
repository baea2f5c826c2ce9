import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { messageOf } from '../base/errors.ts'
import { expandHome } from '../base/home.ts'
import { hashToken, SCOPES } from '../http/tokens.ts'
import type { LocalContext } from './context.ts'
import { EXIT, Failure, wrongUse } from './failure.ts'
import { table } from './table.ts'
import { changeTokens, type KeptToken, readTokens } from './tokens-file.ts'

const DAY_MS = 86_400_000
const NAME = /^[\w.-]{1,64}$/

/** `looper token add|list|revoke`: the tokens of the tokens file, which the service reads anew when it changes. */
export async function token(context: LocalContext): Promise<number> {
  const [action, name] = context.words
  const { options } = context
  if (action === 'list') {
    if (name !== undefined) throw wrongUse('usage: looper token list')
  } else if (name === undefined || !NAME.test(name)) {
    const remedy = 'NAME is up to 64 letters, digits, ".", "-" and "_".'
    throw wrongUse(`usage: looper token ${action} NAME`, remedy)
  }
  if (action !== 'add' && (options.scope ?? options.days) !== undefined)
    throw wrongUse('--scope and --days only work with "looper token add"')
  const file = fileOf(context)
  try {
    if (name === undefined) return await list(context, file)
    return await (action === 'add' ? add(context, file, name) : revoke(context, file, name))
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(EXIT.failed, messageOf(error), 'Nothing was changed.')
  }
}

/** The secret alone goes to stdout, so that it can be piped to where it belongs. */
async function add({ world, screen, options }: LocalContext, file: string, name: string): Promise<number> {
  const { scope: wanted, days } = options
  const scope = SCOPES.find((one) => one === wanted)
  if (!scope)
    throw wrongUse('the scope of the token is missing', `Add --scope ${SCOPES.join(', or --scope ')}.`)
  const expires =
    days === undefined ? {} : { expires: new Date(world.clock.now() + Number(days) * DAY_MS).toISOString() }
  const secret = `looper_${randomBytes(32).toString('base64url')}`
  changeTokens(file, (tokens) => {
    if (tokens.some((kept) => kept.name === name)) {
      const remedy = `Use another name, or revoke it first: looper token revoke ${name}`
      throw new Failure(EXIT.failed, `there is already a token called ${name}`, remedy)
    }
    return [...tokens, { name, sha256: hashToken(secret), scope, ...expires }]
  })
  if (options.json) await screen.json({ name, scope, ...expires, token: secret })
  else screen.say(secret)
  screen.tell(`looper: added ${name} (${scope}) to ${file}; the token is not shown again`)
  return EXIT.ok
}

async function list({ world, screen, options }: LocalContext, file: string): Promise<number> {
  const tokens = readTokens(file).map(({ name, scope, expires = null }) => ({ name, scope, expires }))
  if (options.json) {
    await screen.json({ tokens })
    return EXIT.ok
  }
  if (tokens.length === 0) {
    screen.tell(`looper: there are no tokens in ${file}`)
    return EXIT.ok
  }
  const rows = tokens.map(({ name, scope, expires }) => {
    const isOver = expires !== null && Date.parse(expires) <= world.clock.now()
    const text = `${expires ?? 'never'}${isOver ? ' (expired)' : ''}`
    return [{ text: name }, { text: scope }, { text }]
  })
  const titles = [{ title: 'NAME' }, { title: 'SCOPE' }, { title: 'EXPIRES' }]
  for (const line of table(titles, rows, screen.width)) screen.say(line)
  return EXIT.ok
}

async function revoke({ screen, options }: LocalContext, file: string, name: string): Promise<number> {
  changeTokens(file, (tokens) => {
    const left: KeptToken[] = tokens.filter((kept) => kept.name !== name)
    if (left.length < tokens.length) return left
    throw new Failure(
      EXIT.notFound,
      `there is no token called ${name}`,
      '"looper token list" lists all tokens.',
    )
  })
  if (options.json) await screen.json({ ok: true, name })
  else screen.tell(`looper: revoked ${name}; the service no longer accepts it`)
  return EXIT.ok
}

/** A setting is read as the service reads it; what is named here stands for itself. */
function fileOf({ world, options }: LocalContext): string {
  const { env, dotEnv, projectDir, home, cwd } = world
  if (options.file !== undefined) return path.resolve(cwd, options.file)
  const named = { ...dotEnv, ...env }.LOOPER_TOKENS_FILE
  if (named) return path.resolve(projectDir, expandHome(named, home))
  throw wrongUse(
    'the tokens file is not set',
    'Add --file FILE, or set LOOPER_TOKENS_FILE as for the service.',
  )
}
