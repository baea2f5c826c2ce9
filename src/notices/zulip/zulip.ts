import { type Redact, unchanged } from '../../logging/redact.ts'
import type { Amend, Arrived, Notify, Receipt } from '../notice.ts'
import type { Zulip, ZulipMessage } from './client.ts'
import { cut, MAX_CODE_POINTS } from './code-points.ts'
import type { ZulipSettings } from './settings.ts'
import { describeMissing, findCredentials } from './zuliprc.ts'

/** How much of a long list of people is told. */
const LISTED_POINTS = 500

/** What stands in for a notice that nobody configured. */
export const SKIPPED: Receipt = { output: 'SKIPPED no Zulip credentials', messageId: null }

/**
 * Notices through Zulip. Credentials are looked up anew at each notice. With none at all the notice is skipped, and
 * `onSkip` gets its text, unless the settings require Zulip.
 */
export function zulipNotices(
  settings: ZulipSettings,
  env: NodeJS.ProcessEnv,
  onSkip: (message: string) => void,
  redact = unchanged,
): Notify {
  return async (message, signal) => {
    const credentials = findCredentials(settings)
    switch (credentials.kind) {
      case 'none':
        if (settings.required) throw new Error(`no Zulip credentials (LOOPER_ZULIP_REQUIRED is on)`)
        onSkip(message)
        return SKIPPED
      case 'incomplete':
        throw new Error(describeMissing(credentials))
      case 'ready': {
        // Only now: most of its start would be spent on loading it.
        const { openZulip } = await import('./client.ts')
        const zulip = await openZulip(credentials.account, env, signal, { redact })
        const id = await zulip.send(await addressed(settings, zulip, cut(message, MAX_CODE_POINTS)))
        return { output: `OK message_id=${id ?? 'unknown'} ${describeRoute(settings)}`, messageId: id }
      }
    }
  }
}

/** A client with the credentials as they are now, and whose account it is. @throws {Error} with a sentence */
export async function openReady(
  settings: ZulipSettings,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  limits: { readonly timeoutMs?: number; readonly redact?: Redact },
): Promise<{ readonly zulip: Zulip; readonly account: string }> {
  const credentials = findCredentials(settings)
  if (credentials.kind === 'none') throw new Error('there are no Zulip credentials')
  if (credentials.kind === 'incomplete') throw new Error(describeMissing(credentials))
  const { openZulip } = await import('./client.ts')
  const { account } = credentials
  const zulip = await openZulip(account, env, signal, limits)
  return { zulip, account: `${account.email} ${account.site}` }
}

/** A place: a channel's number and a topic, or people's numbers. */
const PLACE = /^type=(?:stream id=(?<channel>\d+) topic=(?<topic>.*)|private to=(?<people>\d+(?:,\d+)*))$/s

/** Sends to the place of something that was heard; null: it is none. */
export function zulipAt(
  place: string,
  settings: ZulipSettings,
  env: NodeJS.ProcessEnv,
  redact = unchanged,
): Notify | null {
  const { channel, topic = '', people } = PLACE.exec(place)?.groups ?? {}
  if (channel === undefined && people === undefined) return null
  return async (message, signal) => {
    const content = cut(message, MAX_CODE_POINTS)
    const { zulip } = await openReady(settings, env, signal, { redact })
    const messageId = await zulip.send(
      people === undefined
        ? { type: 'stream', to: Number(channel), topic, content }
        : { type: 'private', to: people.split(',').map(Number), content },
    )
    return { output: `OK message_id=${messageId ?? 'unknown'} ${place}`, messageId }
  }
}

/** Edits notices in Zulip, with the credentials as they are then. */
export function zulipEdits(settings: ZulipSettings, env: NodeJS.ProcessEnv, redact = unchanged): Amend {
  return async (messageId, content, signal) => {
    const { zulip } = await openReady(settings, env, signal, { redact })
    const { ZulipError } = await import('./client.ts')
    try {
      await zulip.update(messageId, content)
      return true
    } catch (error) {
      // Too old, deleted, or an organisation that has editing switched off: the server has one code for all of them.
      if (error instanceof ZulipError && error.code === 'BAD_REQUEST') return false
      throw error
    }
  }
}

/** Clocks differ by less. */
const CLOCKS_DIFFER_MS = 600_000

/** Looks in Zulip for a message whose answer was lost. */
export function zulipArrived(settings: ZulipSettings, env: NodeJS.ProcessEnv, redact = unchanged): Arrived {
  return async (content, since, isKnown, signal) => {
    const { zulip } = await openReady(settings, env, signal, { redact })
    const text = asKept(cut(content, MAX_CODE_POINTS))
    for await (const one of zulip.own(since - CLOCKS_DIFFER_MS)) {
      if (asKept(one.content) === text && !isKnown(one.id)) return one.id
    }
    return null
  }
}

/** As the server keeps it (zerver/lib/message.py, normalize_body). */
const asKept = (content: string) => content.trimEnd().replace(/^\n+/, '')

/** Where notices go, as one line. */
export function describeRoute({ type, stream, topic, to }: ZulipSettings): string {
  return type === 'stream' ? `type=stream stream=${stream} topic=${topic}` : `type=private to=${to}`
}

async function addressed(settings: ZulipSettings, zulip: Zulip, content: string): Promise<ZulipMessage> {
  if (settings.type === 'stream') {
    return { type: 'stream', to: settings.stream, topic: settings.topic, content }
  }
  const { to } = settings
  if (!to) throw new Error('there is nobody to send to; set ZULIP_TO')
  if (/^\d+$/.test(to)) return { type: 'private', to: [Number(to)], content }
  if (to.includes('@')) return { type: 'private', to: [to], content }
  return { type: 'private', to: [await findUser(zulip, to)], content }
}

/** A user by name: exactly that one, else the only one whose name holds it. */
async function findUser(zulip: Zulip, name: string): Promise<number> {
  const users = (await zulip.users()).filter(({ is_active }) => is_active)
  const wanted = name.toLowerCase()
  const exact = users.filter(({ full_name }) => full_name.toLowerCase() === wanted)
  const matches =
    exact.length > 0 ? exact : users.filter(({ full_name }) => full_name.toLowerCase().includes(wanted))
  const [only] = matches
  if (only && matches.length === 1) return only.user_id
  if (!only) throw new Error(`no Zulip user is called "${name}" (ZULIP_TO)`)
  const names = matches.map(({ full_name, user_id }) => `${full_name} (${user_id})`).join(', ')
  const listed = cut(names, LISTED_POINTS)
  throw new Error(`several Zulip users are called "${name}" (ZULIP_TO): ${listed}; set the number`)
}
