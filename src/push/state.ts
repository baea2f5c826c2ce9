import { Type } from '../base/schema.ts'

/** What is pushed, as `GET /status` tells it. */
export const PushState = Type.Object(
  { devices: Type.Integer(), pending: Type.Integer(), given_up: Type.Integer() },
  {
    description:
      'The devices that are pushed to, and what waits for them and was given up of late; see `GET /push/devices`.',
  },
)
