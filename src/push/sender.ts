import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import { createNews, sleepUnless } from '../base/news.ts'
import type { Device } from './device.ts'
import type { Devices } from './devices.ts'
import type { Messages, PushRow } from './messages.ts'
import { dueMs, retryMs } from './pace.ts'
import type { PushMessage, PushResult } from './send.ts'

/** What sending needs. */
export interface SenderDeps {
  readonly devices: Pick<Devices, 'find' | 'remove'>
  readonly messages: Pick<Messages, 'waiting' | 'next' | 'attempt' | 'settle'>
  /** Whether a device may still be told anything. */
  readonly isWelcome: (device: Device) => boolean
  /** Rejects only where the signal aborts. */
  readonly send: (device: Device, message: PushMessage, signal: AbortSignal) => Promise<PushResult>
  readonly clock: Clock
  readonly logger: Logger
}

/** Sends what waits, to each device one message after the other, and to all devices side by side. */
export interface Sender {
  /** Something may wait. @throws {Error} where that cannot be read now */
  wake(): void
  /** Resolves when nothing is on its way any more. */
  settled(): Promise<void>
}

/** A sender that works until the signal aborts. What is on its way then is sent again in the next life, under the same topic. */
export function openSender(
  { devices, messages, isWelcome, send, clock, logger }: SenderDeps,
  signal: AbortSignal,
): Sender {
  const lanes = new Map<number, Promise<void>>()
  const news = createNews()

  async function work(deviceId: number): Promise<void> {
    try {
      while (!signal.aborted) {
        const next = news.next()
        const row = messages.next(deviceId)
        const device = devices.find(deviceId)
        if (row === null || device === null) return
        if (!isWelcome(device)) return devices.remove(deviceId)
        const now = clock.now()
        const ms = row.expiresAt <= now ? 0 : dueMs(row.nextAt, now)
        if (ms > 0) await sleepUnless(next, ms, clock, signal)
        else await tryOnce(device, row)
      }
    } catch (error) {
      if (!signal.aborted) logger.error({ device_id: deviceId, error: messageOf(error) }, 'push.fail')
    } finally {
      // In the same breath as the last look: what comes in later begins anew.
      lanes.delete(deviceId)
    }
  }

  async function tryOnce(
    device: Device,
    { id, tag, payload, isUrgent, expiresAt, attempts }: PushRow,
  ): Promise<void> {
    const now = clock.now()
    if (expiresAt <= now) return giveUp(device.id, id, 'it was no news any more when it could be sent')
    messages.attempt(id)
    const ttlSeconds = Math.ceil((expiresAt - now) / 1000)
    const message = {
      payload,
      ttlSeconds,
      urgency: isUrgent ? 'high' : 'normal',
      topic: topicOf(tag),
    } as const
    const result = await send(device, message, signal)
    const at = clock.now()
    switch (result.kind) {
      case 'sent':
        return messages.settle(id, { state: 'sent', at })
      case 'refused':
        return giveUp(device.id, id, result.why)
      case 'later': {
        // Once a message.
        if (attempts === 0) logger.warn({ device_id: device.id, error: result.why }, 'push.later')
        const nextAt = at + retryMs(attempts + 1, result.retryAfterMs)
        return messages.settle(id, { state: 'pending', nextAt, why: result.why })
      }
      case 'gone':
        logger.info({ device_id: device.id, why: result.why }, 'push.device.gone')
        return devices.remove(device.id)
    }
  }

  function giveUp(deviceId: number, id: number, why: string): void {
    messages.settle(id, { state: 'given_up', at: clock.now(), why })
    logger.error({ device_id: deviceId, error: why }, 'push.given_up')
  }

  return {
    wake() {
      news.tell()
      for (const id of messages.waiting()) if (!lanes.has(id)) lanes.set(id, Promise.resolve(id).then(work))
    },
    async settled() {
      await Promise.all(lanes.values())
    },
  }
}

/** The same for the same tag, and it tells a push service nothing. */
const topicOf = (tag: string) => createHash('sha256').update(tag).digest('base64url').slice(0, 32)
