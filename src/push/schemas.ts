import { timeOf } from '../base/iso-time.ts'
import { orNull, type Static, Type } from '../base/schema.ts'
import { type Device, WANTS } from './device.ts'
import type { DeviceCounts } from './messages.ts'

const Wants = Type.Array(Type.Enum([...WANTS]), {
  description:
    'What it is told of: what agents ask, ends of runs, and agents whose usage limits are reached.',
})

/** The answer of `GET /push/key`. */
export const KeyAnswer = Type.Object({
  key: Type.String({ description: 'What a browser takes as `applicationServerKey`, in base64url.' }),
})

/** What a device subscribes with. */
export const DeviceBody = Type.Object({
  endpoint: Type.Optional(Type.String({ maxLength: 2048, description: 'As the browser gives it.' })),
  keys: Type.Optional(
    Type.Object(
      {
        p256dh: Type.Optional(Type.String({ maxLength: 100 })),
        auth: Type.Optional(Type.String({ maxLength: 100 })),
      },
      { description: 'As the browser gives them, in base64url.' },
    ),
  ),
  wants: Type.Optional(Wants),
  name: Type.Optional(Type.String({ description: 'How its owner calls it.' })),
})

const DeviceEntry = Type.Object({
  device_id: Type.Integer(),
  name: Type.String(),
  service: Type.String({ description: 'The host of its push service.' }),
  wants: Wants,
  owner: orNull(
    Type.String({
      description: 'The name of the token it subscribed with; without that token it is told nothing.',
    }),
  ),
  created_at: Type.String({ format: 'date-time', description: 'What happened before, it is not told.' }),
  pending: Type.Integer({ description: 'How much waits to be sent to it.' }),
  given_up: Type.Integer({ description: 'How much of late could not be sent to it.' }),
  why: orNull(Type.String({ description: 'Why the last that was not sent was not.' })),
})

/** The answer of `POST /push/devices`. */
export const DeviceAnswer = Type.Object(
  { ok: Type.Literal(true), device: DeviceEntry },
  { description: 'A device that is pushed to.' },
)
/** The answer of `POST /push/devices`. */
export type DeviceAnswer = Static<typeof DeviceAnswer>

/** The answer of `GET /push/devices`. */
export const DeviceList = Type.Object(
  { devices: Type.Array(DeviceEntry) },
  { description: 'Those of the token, or with scope `admin` all; in the order in which they came.' },
)

/** The answer of `GET /push/devices`. */
export type DeviceList = Static<typeof DeviceList>

/** The answer where there is nothing to tell. */
export const Done = Type.Object({ ok: Type.Literal(true) }, { description: 'It is done.' })

const NOTHING: DeviceCounts = { pending: 0, givenUp: 0, why: null }

/** A device in the API's words. @param counts left out: nothing was sent to it yet */
export const deviceEntry = (
  { id, name, endpoint, wants, owner, createdAt }: Device,
  { pending, givenUp, why }: DeviceCounts = NOTHING,
): Static<typeof DeviceEntry> => ({
  device_id: id,
  name,
  service: new URL(endpoint).host,
  wants: [...wants],
  owner,
  created_at: timeOf(createdAt),
  pending,
  given_up: givenUp,
  why,
})
