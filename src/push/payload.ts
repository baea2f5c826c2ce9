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

/** What a device is sent, as JSON of at most {@link MOST_BYTES}: without secrets, and cut between characters. */
export function payloadOf({ tag, title, body, to, choices, time, isQuiet }: Shown, redact: Redact): string {
  const clean = redact(body)
  const shown = (length: number) =>
    JSON.stringify({
      tag,
      title: oneLine(redact(title), TITLE_LENGTH),
      body: oneLine(clean, length),
      to,
      choices: choices.slice(0, MOST_CHOICES).map((choice) => oneLine(redact(choice), CHOICE_LENGTH)),
      time: timeOf(time),
      quiet: isQuiet,
    })
  let length = BODY_LENGTH
  let json = shown(length)
  // What else there is takes less than half of it.
  while (Buffer.byteLength(json) > MOST_BYTES) {
    length = Math.floor(length * SHORTER)
    json = shown(length)
  }
  return json
}
