import { lengthOf } from '../../base/length-of.ts'

/** Less is not worth a word. */
const WORTH_MS = 60_000

/** The body of a request, whose notice says how late it is, where it is. @param body as JSON @param dueAt as `now`, since the epoch */
export function lateness(body: string, dueAt: number, now: number): string {
  const ms = now - dueAt
  if (ms < WORTH_MS) return body
  const asked: { readonly zulip_message: string } = JSON.parse(body)
  const told = `It was due at ${new Date(dueAt).toISOString()}, and is ${lengthOf(ms)} late.`
  // The first line is the name of the run.
  return JSON.stringify({ ...asked, zulip_message: `${asked.zulip_message}\n${told}` })
}
