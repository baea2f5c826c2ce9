import { timeOf } from '../base/iso-time.ts'
import { oneLine } from '../base/one-line.ts'
import type { Redact } from '../logging/redact.ts'
import type { Shown } from './event.ts'

/** What every push service takes, encrypted (RFC 8291, 4: at most 3,993). */
export const MOST_BYTES = 3000
const TITLE_LENGTH = 100
const BODY_LENGTH = 900
const CHOICE_LENGTH = 40
/** No browser shows more of them. */
const MOST_CHOICES = 2
const SHORTER = 0.75

/** What the worker of the page reads. */
export interface Payload {
  readonly tag: string
  readonly title: string
  readonly body: string
  /** Where a tap leads to, behind the address of the page. */
  readonly to: string
  readonly choices: readonly string[]
  /** RFC 3339: what the body has as `{time}`. */
  readonly time: string | null
  /** Whether it makes no sound. */
  readonly quiet: boolean
}

/** What a device is sent, as JSON of at most {@link MOST_BYTES}: without secrets, and cut between characters. */
export function payloadOf({ tag, title, body, to, choices, time, isQuiet }: Shown, redact: Redact): string {
  const clean = redact(body)
  const rest = {
    tag,
    title: oneLine(redact(title), TITLE_LENGTH),
    to,
    choices: choices.slice(0, MOST_CHOICES).map((choice) => oneLine(redact(choice), CHOICE_LENGTH)),
    time: timeOf(time),
    quiet: isQuiet,
  }
  const shown = (length: number) =>
    JSON.stringify({ ...rest, body: oneLine(clean, length) } satisfies Payload)
  let length = BODY_LENGTH
  let json = shown(length)
  // What else there is takes less than half of it.
  while (Buffer.byteLength(json) > MOST_BYTES) {
    length = Math.floor(length * SHORTER)
    json = shown(length)
  }
  return json
}
