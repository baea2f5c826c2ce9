import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Hearer, Person, Reacted, Said } from '../ear.ts'
import { failureOf } from '../notice-error.ts'
import { type Zulip, ZulipError } from './client.ts'
import { messagesBehind, poll, reactionsTo, register, userBy, whoAmI } from './events.ts'
import { asRecord, idOf } from './fields.ts'
import { reactionIn, saidIn, type Unnamed } from './reading.ts'

/** What listening needs. */
export interface ListenDeps {
  /** A client whose calls may take so many milliseconds in all, and the account's name. @throws {Error} with a sentence */
  open(timeoutMs: number): Promise<{ readonly zulip: Zulip; readonly account: string }>
  readonly people: ReadonlySet<string>
  readonly clock: Pick<Clock, 'sleep'>
}

/** Numbers are given before messages are there, so a message may come behind one with a greater number. */
const REACH_BACK = 50
/** The server sends a heartbeat each 45 to 55 s (zerver/tornado/event_queue.py): one that is silent for longer is away. */
const POLL_MS = 90_000
const CALL_MS = 10_000
const FIRST_WAIT_MS = 500
const LAST_WAIT_MS = 60_000

/** Hears what people write and how they react, also what was missed, until the signal aborts. Never rejects. */
export async function listenToZulip(deps: ListenDeps, hearer: Hearer, signal: AbortSignal): Promise<void> {
  let failures = 0
  let next: (() => Promise<void>) | null = null
  while (!signal.aborted) {
    try {
      if (next === null) next = await connect(deps, hearer)
      else {
        await next()
        failures = 0
      }
    } catch (error) {
      if (signal.aborted) return
      next = null
      hearer.failed(messageOf(error))
      // A server that was started anew has forgotten the queue, and is there.
      const isForgotten = error instanceof ZulipError && error.code === 'BAD_EVENT_QUEUE_ID'
      const { retryAfterMs } = failureOf(error)
      const ms = isForgotten && failures === 0 ? 0 : Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures)
      failures += 1
      await deps.clock.sleep(Math.max(ms, retryAfterMs ?? 0), signal).catch(() => undefined)
    }
  }
}

/** Hears what was missed, and listens with a new queue: call what it resolves with for what comes next, until it rejects. */
async function connect(deps: ListenDeps, hearer: Hearer): Promise<() => Promise<void>> {
  const { zulip, account } = await deps.open(CALL_MS * 10)
  const me = await whoAmI(zulip)
  const names = await namesOf(deps.people, zulip, hearer)
  const queue = await register(zulip)

  async function take(found: Unnamed<Said> | Unnamed<Reacted> | null): Promise<void> {
    if (found === null) return
    const { by, ...rest } = found
    const name = names.get(String(by))
    if (name === null) return
    const person: Person = { id: String(by), name: `zulip:${by}${name === undefined ? '' : ` ${name}`}` }
    await hearer.hear(account, { ...rest, person })
  }

  async function takeMessage(message: unknown): Promise<void> {
    await take(saidIn(message, me))
    const id = idOf(asRecord(message).id)
    if (id !== null) hearer.passed(account, id)
  }

  // What was missed; what comes meanwhile waits in the queue.
  const last = hearer.last(account)
  if (last === null) hearer.passed(account, queue.newestMessage)
  else await catchUp(zulip, Math.min(last, queue.newestMessage) - REACH_BACK, takeMessage)
  for (const id of hearer.watched())
    for (const reaction of await reactionsTo(zulip, id)) await take(reactionIn(reaction, id, me))
  hearer.connected()

  let { lastEvent } = queue
  return async () => {
    const { zulip } = await deps.open(POLL_MS)
    for (const { id, fields } of await poll(zulip, queue.id, lastEvent)) {
      if (fields.type === 'message') await takeMessage(fields.message)
      if (fields.type === 'reaction' && fields.op === 'add')
        await take(reactionIn(fields, fields.message_id, me))
      lastEvent = Math.max(lastEvent, id)
    }
  }
}

async function catchUp(zulip: Zulip, from: number, take: (message: unknown) => Promise<void>): Promise<void> {
  for (let anchor = Math.max(0, from); ; ) {
    const messages = await messagesBehind(zulip, anchor)
    const newest = messages.reduce<number>((id, one) => Math.max(id, idOf(asRecord(one).id) ?? 0), anchor)
    for (const message of messages) await take(message)
    // What is no newer than before would be asked for again and again.
    if (newest === anchor) return
    anchor = newest
  }
}

/** Those whose words count, by their numbers; null: it is a bot, and nobody obeys a bot. */
async function namesOf(
  people: ReadonlySet<string>,
  zulip: Zulip,
  hearer: Hearer,
): Promise<Map<string, string | null>> {
  const names = new Map<string, string | null>()
  for (const id of people) {
    try {
      const { name, isBot } = await userBy(zulip, id)
      if (isBot) hearer.warn(`LOOPER_PEOPLE: ${id} is a bot, and not listened to`)
      names.set(id, isBot ? null : name)
    } catch (error) {
      if (!(error instanceof ZulipError && error.code === 'BAD_REQUEST')) throw error
      hearer.warn(`LOOPER_PEOPLE: the Zulip server knows no user ${id}`)
    }
  }
  return names
}
