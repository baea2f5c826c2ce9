import { oneLine } from '../../base/one-line.ts'
import type { Sign } from '../ear.ts'
import { type Zulip, ZulipError } from './client.ts'
import { asRecord, idOf } from './fields.ts'
import { EMOJI, type Me } from './reading.ts'

/** A queue of events at the server, and how far it was read. */
export interface EventQueue {
  readonly id: string
  readonly lastEvent: number
  /** The newest message when it was made. */
  readonly newestMessage: number
}

/** An event as the server tells it. */
export interface ZulipEvent {
  readonly id: number
  readonly fields: Readonly<Record<string, unknown>>
}

const TYPES = ['message', 'reaction']
const NAME_CHARACTERS = 100
/** As many messages as are asked for at once. */
const PAGE = 1000

/** The bot itself. @throws {ZulipError} */
export async function whoAmI(zulip: Zulip): Promise<Me> {
  const { user_id, full_name } = await zulip.call('GET', '/users/me')
  const id = idOf(user_id)
  if (id !== null && typeof full_name === 'string') return { id, name: full_name }
  throw new ZulipError('the Zulip server did not say who the bot is', { status: 200 })
}

/** A person or a bot by number. @throws {ZulipError} `BAD_REQUEST` where there is none */
export async function userBy(zulip: Zulip, id: string): Promise<{ name: string; isBot: boolean }> {
  const { user } = await zulip.call('GET', `/users/${id}`)
  const { full_name, is_bot } = asRecord(user)
  return { name: oneLine(String(full_name), NAME_CHARACTERS), isBot: is_bot !== false }
}

/** Makes a queue. @throws {ZulipError} */
export async function register(zulip: Zulip): Promise<EventQueue> {
  const wanted = { event_types: TYPES, fetch_event_types: ['message'], apply_markdown: false }
  const { queue_id, last_event_id, max_message_id } = await zulip.call('POST', '/register', wanted)
  if (typeof queue_id === 'string' && typeof last_event_id === 'number' && typeof max_message_id === 'number')
    return { id: queue_id, lastEvent: last_event_id, newestMessage: max_message_id }
  throw new ZulipError('the Zulip server made no event queue', { status: 200 })
}

/** The next events, as soon as there are some, each once. @throws {ZulipError} `BAD_EVENT_QUEUE_ID` where the queue is forgotten */
export async function poll(zulip: Zulip, queueId: string, lastEvent: number): Promise<ZulipEvent[]> {
  const asked = { queue_id: queueId, last_event_id: lastEvent }
  const { events } = await zulip.call('GET', '/events', asked)
  const told = Array.isArray(events) ? events.map(asRecord) : []
  const next = told.flatMap((fields) => {
    const id = idOf(fields.id)
    return id === null || id <= lastEvent ? [] : [{ id, fields }]
  })
  // It waits until there is something new: one that does not, or a cache before it, would be asked without a pause.
  if (next.length === 0) throw new ZulipError('the Zulip server told no new events', { status: 200 })
  return next
}

/** Messages behind one, oldest first; none where there are no more. @throws {ZulipError} */
export async function messagesBehind(zulip: Zulip, anchor: number): Promise<unknown[]> {
  const page = { num_before: 0, num_after: PAGE, include_anchor: false, apply_markdown: false }
  const { messages } = await zulip.call('GET', '/messages', { ...page, anchor })
  return Array.isArray(messages) ? messages : []
}

/** Makes a reaction, if the message is still there. @throws {ZulipError} */
export async function reactTo(zulip: Zulip, messageId: number, sign: Sign): Promise<void> {
  try {
    await zulip.call('POST', `/messages/${messageId}/reactions`, { emoji_name: EMOJI.get(sign) })
  } catch (error) {
    const { code } = error instanceof ZulipError ? error : { code: null }
    if (code !== 'BAD_REQUEST' && code !== 'REACTION_ALREADY_EXISTS') throw error
  }
}

/** The reactions to a message, oldest first; none where it is gone. @throws {ZulipError} */
export async function reactionsTo(zulip: Zulip, messageId: number): Promise<unknown[]> {
  try {
    const { message } = await zulip.call('GET', `/messages/${messageId}`)
    const { reactions } = asRecord(message)
    return Array.isArray(reactions) ? reactions : []
  } catch (error) {
    if (error instanceof ZulipError && error.code === 'BAD_REQUEST') return []
    throw error
  }
}
