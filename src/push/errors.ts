import type { ErrorKind } from '../base/error-kinds.ts'

/** There is none of this id. */
export const DEVICE_NOT_FOUND: ErrorKind = {
  code: 'LOOPER_PUSH_DEVICE_NOT_FOUND',
  status: 404,
  when: 'No device of this id is pushed to, or it belongs to another token.',
  remedy: 'GET /push/devices lists the devices.',
}

/** There are too many. */
export const TOO_MANY_DEVICES: ErrorKind = {
  code: 'LOOPER_PUSH_DEVICES_LIMIT',
  status: 409,
  when: 'As many devices are pushed to as there may be.',
  remedy: 'Remove one that is not used any more with POST /push/devices/<device_id>/remove.',
}

/** The push service did not take it. */
export const PUSH_FAILED: ErrorKind = {
  code: 'LOOPER_PUSH_FAILED',
  status: 502,
  when: 'The push service of the device did not take the message, or could not be reached.',
  remedy: 'Fix the cause that the error names; if the subscription is gone, subscribe again on the device.',
}
