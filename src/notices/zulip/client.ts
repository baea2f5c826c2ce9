import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { requirePackage } from '../../base/load-later.ts'
import { standInFor } from '../../base/stand-in.ts'
import { type Redact, unchanged } from '../../logging/redact.ts'
import { NoticeError } from '../notice-error.ts'
import { asRecord, idOf } from './fields.ts'
import { type FormAnswer, type Reach, sendForm } from './http.ts'

/** An account that may send. */
export interface ZulipAccount {
  /** The server's address, without a trailing slash. */
  readonly site: string
  readonly email: string
  readonly key: string
  /** The only authorities whose certificates count, as PEM. */
  readonly ca?: string
}

/** A message as the server's API takes it. */
export type ZulipMessage =
  | {
      readonly type: 'stream'
      readonly to: string | number
      readonly topic: string
      readonly content: string
    }
  | {
      readonly type: 'private'
      readonly to: readonly string[] | readonly number[]
      readonly content: string
    }

/** A user, as `GET /users` tells it. */
export interface ZulipUser {
  readonly user_id: number
  readonly full_name: string
  readonly is_active: boolean
}

/** A message of the account's own. */
export interface OwnMessage {
  readonly id: number
  readonly content: string
  /** Milliseconds since the epoch, by the server's clock. */
  readonly sentAt: number
}

/** What Looper asks of a Zulip server. */
export interface Zulip {
  /** Sends, and resolves with the message id; null where the server's is none to count on. @throws {ZulipError} */
  send(message: ZulipMessage): Promise<number | null>
  /**
   * Puts a new text in place of a message's own, and leaves its place as it is.
   * @throws {ZulipError} `BAD_REQUEST` where the message is gone, somebody else's, or may not be edited (any more)
   */
  update(id: number, content: string): Promise<void>
  /** The account's own messages since then by the server's clock, newest first, page after page. @throws {ZulipError} */
  own(since: number): AsyncIterable<OwnMessage>
  /** @throws {ZulipError} */
  users(): Promise<readonly ZulipUser[]>
  /** The account itself. @throws {ZulipError} */
  me(): Promise<Pick<ZulipUser, 'full_name'>>
  /** Anything else of its API: the fields of the answer. Lists in what is given go as JSON. @throws {ZulipError} */
  call(
    method: 'GET' | 'POST',
    path: string,
    given?: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>>
}

/** The server refused, or its answer was none. `code` is the server's own, where it gave one. */
export class ZulipError extends NoticeError {
  readonly status: number
  readonly code: string | null

  constructor(
    message: string,
    {
      status,
      code = null,
      retryAfterMs = null,
    }: {
      status: number
      code?: string | null
      retryAfterMs?: number | null
    },
  ) {
    // What stands before a server may lose its answer; what the server itself refuses, it has not taken.
    const isRefused = status >= 300 && status < 500
    super(message, { isRefused, isFinal: code === 'BAD_REQUEST', retryAfterMs })
    this.name = 'ZulipError'
    this.status = status
    this.code = code
  }
}

/** Everything one notice may take, its one retry included. */
const TIMEOUT_MS = 10_000
/** What a server says is quoted up to here, and an answer that is not JSON. */
const SAID_CHARACTERS = 500
/** As many messages as are asked for at once. */
const PAGE = 100
const QUOTED_CHARACTERS = 120

interface ZulipRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: URLSearchParams | null
}

const reaching = new AsyncLocalStorage<{ readonly reach: Reach; readonly redact: Redact }>()

/** What zulip-js sends its requests by; it knows no more of the answer than this. */
async function fetchForm(url: string, { method, headers, body = null }: ZulipRequest) {
  const { reach = { signal: AbortSignal.timeout(TIMEOUT_MS), env: {} }, redact = unchanged } =
    reaching.getStore() ?? {}
  const { address, form } = asForm(url, method, body)
  const reply = parseReply(await sendForm(address, { method, headers, form, ...reach }), redact)
  return { json: () => reply }
}

// zulip-js takes fetch and FormData from a module of its own, which would bring 14 MB of code along and replace the global
// FormData. What stands in for it sends the form the API documents, looks at the status, can be aborted, and does not
// follow redirects with the account's key.
const ZULIP_JS = 'zulip-js/lib/index.js'
let isReplaced = false
function replaceHelper(): void {
  if (isReplaced) return
  standInFor('./helper.js', ZULIP_JS, () => ({ fetch: fetchForm, FormData: URLSearchParams }))
  isReplaced = true
}
try {
  replaceHelper()
} catch {
  // Tried again when it is needed: a module that fails while it is loaded fails for ever.
}

function zulipJs(): typeof import('zulip-js').default {
  replaceHelper()
  return requirePackage(ZULIP_JS)
}

/**
 * Opens a client for one notice. Every call fails after `timeoutMs` in all, or as soon as the signal aborts. A rate
 * limit is waited for once, where the server's wait fits into that time. The environment names proxies and authorities.
 * @throws {Error} where the site is no web address
 */
export async function openZulip(
  { site, email, key, ca }: ZulipAccount,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  { timeoutMs = TIMEOUT_MS, redact = unchanged } = {},
): Promise<Zulip> {
  if (!/^https?:\/\/[^/]/.test(site)) {
    throw new Error(`"${site}" is not the address of a Zulip server; set one that begins with https://`)
  }
  const zulip = zulipJs()
  const client = await zulip({ realm: site.replace(/\/+$/, ''), username: email, apiKey: key })
  const deadline = Date.now() + timeoutMs
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const within = { reach: { signal: limit, env, ca }, redact }

  async function call(request: () => Promise<unknown>): Promise<Record<string, unknown>> {
    try {
      return asRecord(await reaching.run(within, request))
    } catch (error) {
      const waitMs = error instanceof ZulipError ? error.retryAfterMs : null
      if (waitMs === null || Date.now() + waitMs >= deadline) throw readable(error, site, timeoutMs)
      await delay(waitMs, undefined, { signal: limit })
    }
    try {
      return asRecord(await reaching.run(within, request))
    } catch (error) {
      throw readable(error, site, timeoutMs)
    }
  }

  return {
    async send(message) {
      // As JSON, which is what the API documents: a bare `2024` would be the channel with that number.
      const to = JSON.stringify(message.to)
      const { id } = await call(() => client.messages.send({ ...message, to }))
      if (id !== undefined) return idOf(id)
      throw new ZulipError('the Zulip server did not say which message it made', { status: 200 })
    },
    async update(id, content) {
      await call(() => client.callEndpoint(`/messages/${id}`, 'PATCH', { content }))
    },
    async *own(since) {
      const narrow = [{ operator: 'sender', operand: email }]
      const page = { num_before: PAGE, num_after: 0, include_anchor: false, apply_markdown: false, narrow }
      for (let anchor: 'newest' | number = 'newest'; ; ) {
        const { messages } = await call(() => client.messages.retrieve({ ...page, anchor }))
        const found = Array.isArray(messages) ? messages.flatMap(ownOf) : []
        const oldest = found.reduce((id, one) => Math.min(id, one.id), Number.POSITIVE_INFINITY)
        for (const one of found.toReversed()) if (one.sentAt >= since) yield one
        // What is no older than the page before it would be asked for again and again.
        if (!(oldest < (anchor === 'newest' ? Number.POSITIVE_INFINITY : anchor))) return
        if (found.some(({ sentAt }) => sentAt < since)) return
        anchor = oldest
      }
    },
    async users() {
      const { members } = await call(() => client.users.retrieve())
      return Array.isArray(members) ? members.flatMap(userOf) : []
    },
    async me() {
      const { full_name } = await call(() => client.users.me.getProfile())
      if (typeof full_name === 'string') return { full_name: quoted(full_name) }
      throw new ZulipError('the Zulip server did not say who the bot is', { status: 200 })
    },
    call: (method, path, given = {}) => {
      const fields = Object.entries(given).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ])
      return call(() => client.callEndpoint(path, method, Object.fromEntries(fields)))
    },
  }
}

/** zulip-js puts the fields of a PATCH into the address, where a long message does not fit. */
function asForm(url: string, method: string, form: URLSearchParams | null) {
  if (method !== 'PATCH') return { address: url, form }
  const { origin, pathname, searchParams } = new URL(url)
  return { address: origin + pathname, form: searchParams }
}

function parseReply({ status, headers, text }: FormAnswer, redact: Redact): unknown {
  if (status >= 300 && status < 400) {
    const to = quoted(headers.location ?? 'nowhere')
    throw new ZulipError(`the Zulip server redirects to ${to}; set ZULIP_SITE to its real address`, {
      status,
    })
  }
  let reply: unknown
  try {
    reply = JSON.parse(text)
  } catch {
    // Before it is cut: half of a secret would be known to nobody as one.
    const quote = quoted(redact(text), QUOTED_CHARACTERS)
    throw new ZulipError(`the Zulip server answered HTTP ${status} without JSON: ${quote}`, { status })
  }
  const { result, msg, code, 'retry-after': seconds } = asRecord(reply)
  if (status === 200 && result === 'success') return reply
  const wait = Number(seconds ?? headers['retry-after'] ?? Number.NaN)
  throw new ZulipError(typeof msg === 'string' ? quoted(msg) : `the Zulip server answered HTTP ${status}`, {
    status,
    code: typeof code === 'string' ? code : null,
    retryAfterMs: status === 429 && Number.isFinite(wait) ? Math.ceil(wait * 1000) : null,
  })
}

/** Words of a server, as a part of one line. */
function quoted(text: string, most = SAID_CHARACTERS): string {
  return text
    .slice(0, 10 * most)
    .replace(/\s+/g, ' ')
    .slice(0, most)
}

/** A member of `GET /users`, or none where it cannot be one. */
function userOf(member: unknown): ZulipUser[] {
  const { user_id, full_name, is_active } = asRecord(member)
  const id = idOf(user_id)
  return id === null || typeof full_name !== 'string'
    ? []
    : [{ user_id: id, full_name, is_active: is_active === true }]
}

/** A message of `GET /messages`, or none where it cannot be one. */
function ownOf(message: unknown): OwnMessage[] {
  const { id, content, timestamp } = asRecord(message)
  const known = idOf(id)
  return known === null || typeof content !== 'string' || typeof timestamp !== 'number'
    ? []
    : [{ id: known, content, sentAt: timestamp * 1000 }]
}

/** A limit of time says "aborted due to timeout"; a person needs to know who did not answer. */
function readable(error: unknown, site: string, timeoutMs: number): unknown {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new Error(`no answer from ${site} within ${timeoutMs / 1000} s`, { cause: error })
  }
  return error
}
