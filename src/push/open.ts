import { messageOf } from '../base/errors.ts'
import { keepLooking } from '../base/keep-looking.ts'
import { createNews } from '../base/news.ts'
import type { Parts } from '../parts.ts'
import type { Device } from './device.ts'
import { openDevices } from './devices.ts'
import { gather } from './gather.ts'
import { vapidKeyIn } from './key.ts'
import { openMessages } from './messages.ts'
import { payloadOf } from './payload.ts'
import { type PushRoutesOptions, pushRoutes } from './routes.ts'
import { type PushMessage, sendPush } from './send.ts'
import { openSender } from './sender.ts'
import { PUSH_TABLES } from './tables.ts'

/** Web push, where it is switched on. */
export interface OpenPush {
  readonly pushRoutes: typeof pushRoutes
  readonly routes: PushRoutesOptions
  /** What `GET /status` tells. */
  state(): { devices: number; pending: number; given_up: number }
  /** Tells devices what happens, until the signal aborts: what happens later is told by the next life. Never rejects. */
  run(signal: AbortSignal): Promise<void>
}

/** After a failure, it is looked again so often. */
const AGAIN_MS = 1000
/** A token may expire, or a lane have failed, of which nobody tells. */
const LOOK_MS = 60_000

/** Opens what pushes. @param contact whom push services may write to; @param services origins that are allowed besides those of browsers */
export function openPush(
  { contact, services }: { readonly contact: string; readonly services: readonly string[] },
  { ledger, env, clock, logger, redact, tokens, steps, runs, asks }: Parts,
): OpenPush {
  const tables = ledger.tablesOf(PUSH_TABLES)
  const devices = openDevices(tables, clock)
  const messages = openMessages(tables)
  const key = () => vapidKeyIn(tables)
  const closing = new AbortController()
  const news = createNews()
  /** What happened since it was last looked. */
  let ended: Set<string> | 'all' = 'all'
  let held: Set<string> | 'all' = 'all'
  const unsubscribe = steps.subscribe(({ step, run }) => {
    if (step === 'ended' && ended !== 'all') ended.add(run.runId)
    if (step === 'held' && held !== 'all') held.add(run.agent)
    if (step === 'ended' || step === 'held') news.tell()
  })

  async function send(device: Device, message: PushMessage, signal: AbortSignal) {
    const result = await sendPush(device, message, { key, contact, env, clock }, signal)
    return result.kind === 'sent' ? result : { ...result, why: redact(result.why) }
  }

  /** Whether the token that it subscribed with is still good. */
  const isWelcome = ({ owner }: Device) => tokens === null || tokens.all().some(({ name }) => name === owner)

  function removeUnwelcome(): void {
    for (const device of devices.all()) {
      if (isWelcome(device)) continue
      devices.remove(device.id)
      logger.info({ device_id: device.id, owner: device.owner }, 'push.device.unwelcome')
    }
  }

  /** Puts on the record what devices are to be told. */
  function note(): void {
    const happened = {
      runIds: ended === 'all' ? ended : [...ended],
      agents: held === 'all' ? held : [...held],
    }
    const all = devices.all()
    if (all.length > 0) {
      const events = gather({ asks, ledger, holds: runs.holds, clock }, happened)
      messages.add(all, events, ({ shown }) => payloadOf(shown, redact), clock.now())
    }
    // Only now: what could not be written is looked for again.
    ended = new Set()
    held = new Set()
  }

  return {
    pushRoutes,
    routes: {
      devices,
      messages,
      key,
      services,
      send: (device, message) => send(device, message, closing.signal),
    },
    state() {
      const counts = [...messages.counts().values()]
      const sum = (of: 'pending' | 'givenUp') => counts.reduce((total, one) => total + one[of], 0)
      return { devices: devices.all().length, pending: sum('pending'), given_up: sum('givenUp') }
    },
    async run(signal) {
      const sender = openSender({ devices, messages, isWelcome, send, clock, logger }, signal)
      const look = () => {
        removeUnwelcome()
        note()
        sender.wake()
        return LOOK_MS
      }
      const changed = async () => {
        await Promise.race([news.next(), ...asks().map((one) => one.changed())])
      }
      const failed = (error: unknown) => logger.error({ error: messageOf(error) }, 'push.fail')
      await keepLooking({ look, changed, failed, againMs: AGAIN_MS, clock }, signal)
      unsubscribe()
      closing.abort()
      await sender.settled()
    },
  }
}
