import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { LooperError } from '../base/errors.ts'
import { oneLine } from '../base/one-line.ts'
import { Type } from '../base/schema.ts'
import { BODY_ERRORS } from '../http/body-errors.ts'
import type { Caller } from '../http/tokens.ts'
import { type Device, deviceKeys, isOf } from './device.ts'
import type { Devices } from './devices.ts'
import { endpointFault } from './endpoint.ts'
import { DEVICE_NOT_FOUND, PUSH_FAILED, TOO_MANY_DEVICES } from './errors.ts'
import type { Messages } from './messages.ts'
import { DeviceAnswer, DeviceBody, DeviceList, Done, deviceEntry, KeyAnswer } from './schemas.ts'
import type { PushMessage, PushResult } from './send.ts'
import type { VapidKey } from './vapid.ts'

/** What the routes need. */
export interface PushRoutesOptions {
  readonly devices: Devices
  readonly messages: Pick<Messages, 'counts'>
  /** @throws {LooperError} `LOOPER_LEDGER_UNWRITABLE` */
  readonly key: () => VapidKey
  /** The origins of push services that are allowed besides those of browsers. */
  readonly services: readonly string[]
  readonly send: (device: Device, message: PushMessage) => Promise<PushResult>
}

const TEST: PushMessage = {
  payload: JSON.stringify({
    tag: 'test',
    title: 'Looper',
    body: 'This device is told.',
    to: '',
    choices: [],
    time: null,
    quiet: false,
  }),
  ttlSeconds: 60,
  urgency: 'high',
  topic: 'test',
}

const MOST_NAME = 60
const params = Type.Object({
  device_id: Type.String({ pattern: '^[0-9]{1,15}$', description: 'As GET /push/devices tells it.' }),
})
const CHANGE_ERRORS = ['LOOPER_FIELD_INVALID', 'LOOPER_LEDGER_UNWRITABLE', ...BODY_ERRORS] as const

/** `GET /push/key`, `GET` and `POST /push/devices`, and what is done with one of them. */
export const pushRoutes: FastifyPluginAsyncTypebox<PushRoutesOptions> = async (
  app,
  { devices, messages, key, services, send },
) => {
  app.get(
    '/push/key',
    {
      schema: {
        tags: ['people'],
        summary: 'The key that devices subscribe with',
        description: 'The public key of this service, by which push services know it. It stays the same.',
        response: { 200: KeyAnswer },
      },
      config: { scope: 'read', errors: ['LOOPER_LEDGER_UNWRITABLE'] },
    },
    async () => ({ key: key().publicKey.toString('base64url') }),
  )

  app.get(
    '/push/devices',
    {
      schema: {
        tags: ['people'],
        summary: 'The devices that are pushed to',
        description: 'What each of them is told of. Their endpoints are shown to nobody.',
        response: { 200: DeviceList },
      },
      config: { scope: 'read' },
    },
    async ({ caller }) => {
      const counts = messages.counts()
      const mine = devices.all().filter((device) => isOf(device, caller))
      return { devices: mine.map((device) => deviceEntry(device, counts.get(device.id))) }
    },
  )

  app.post(
    '/push/devices',
    {
      schema: {
        tags: ['people'],
        summary: 'Push to a device',
        description:
          'Takes the subscription of a browser. One whose endpoint is known already is changed. It belongs to the token that sends it.',
        body: DeviceBody,
        response: { 200: DeviceAnswer },
      },
      config: { scope: 'read', errors: [TOO_MANY_DEVICES, ...CHANGE_ERRORS] },
    },
    async ({ body: { endpoint, keys: given = {}, wants, name = '' }, caller, log }) => {
      if (endpoint === undefined) throw missing('endpoint')
      if (wants === undefined) throw missing('wants')
      const fault = endpointFault(endpoint, services)
      if (fault !== null) throw new LooperError('LOOPER_FIELD_INVALID', `'endpoint': ${fault}`)
      const keys = deviceKeys(given)
      if (keys === null)
        throw new LooperError('LOOPER_FIELD_INVALID', "'keys' are not those of a subscription")
      const owner = caller?.name ?? null
      const device = devices.put({ endpoint, keys, wants, name: oneLine(name, MOST_NAME), owner })
      log.info({ device_id: device.id, wants }, 'push.device')
      return { ok: true as const, device: deviceEntry(device) }
    },
  )

  app.post(
    '/push/devices/:device_id/remove',
    {
      schema: {
        tags: ['people'],
        summary: 'Push to a device no more',
        description: 'It is told nothing more, also not what waits. Takes no body, or an empty object.',
        params,
        response: { 200: Done },
      },
      config: { scope: 'read', errors: [DEVICE_NOT_FOUND, ...CHANGE_ERRORS] },
    },
    async ({ params: { device_id }, caller, log }) => {
      const { id } = there(device_id, caller)
      devices.remove(id)
      log.info({ device_id: id }, 'push.device.remove')
      return { ok: true as const }
    },
  )

  app.post(
    '/push/devices/:device_id/test',
    {
      schema: {
        tags: ['people'],
        summary: 'Push something to a device, to see whether it arrives',
        description:
          'Answers when its push service has taken it. One that has unsubscribed is removed. Takes no body, or an empty object.',
        params,
        response: { 200: Done },
      },
      config: { scope: 'read', errors: [DEVICE_NOT_FOUND, PUSH_FAILED, ...CHANGE_ERRORS] },
    },
    async ({ params: { device_id }, caller }) => {
      const device = there(device_id, caller)
      const result = await send(device, TEST)
      if (result.kind === 'gone') devices.remove(device.id)
      if (result.kind !== 'sent') throw new LooperError(PUSH_FAILED, result.why)
      return { ok: true as const }
    },
  )

  function there(id: string, caller: Caller | null): Device {
    const device = devices.find(Number(id))
    if (device !== null && isOf(device, caller)) return device
    throw new LooperError(DEVICE_NOT_FOUND, 'no device of this id is pushed to')
  }
}

const missing = (field: string) => new LooperError('LOOPER_FIELD_INVALID', `missing '${field}'`)
