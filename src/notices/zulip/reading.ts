import type { Reacted, Said, Sign } from '../ear.ts'
import { asRecord, idOf } from './fields.ts'

/** The bot itself. */
export interface Me {
  readonly id: number
  readonly name: string
}

/** A message or a reaction before it is known who its person is. */
export type Unnamed<T extends Said | Reacted> = Omit<T, 'person'> & { readonly by: number }

/** The names of reactions at the server, from the first choice on (Zulip's `emoji_names.py`). */
const NUMBERS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
/** How to make each sign. */
export const EMOJI: ReadonlyMap<Sign, string> = new Map<Sign, string>([
  ...NUMBERS.map((name, at): [Sign, string] => [at + 1, name]),
  ['yes', 'thumbs_up'],
  ['no', 'thumbs_down'],
])

/** By their code points, without the one that asks for a picture (Zulip's `emoji_code`). */
const SIGNS: ReadonlyMap<string, Sign> = new Map<string, Sign>([
  ...Array.from({ length: 9 }, (_, at): [string, Sign] => [`003${at + 1}-20e3`, at + 1]),
  ['1f51f', 10],
  ['1f44d', 'yes'],
  ['1f44e', 'no'],
])

/** A message as the server tells it; null: it is none, or the bot's own. */
export function saidIn(message: unknown, me: Me): Unnamed<Said> | null {
  const { id, sender_id, content, timestamp, type, stream_id, subject, display_recipient } = asRecord(message)
  const messageId = idOf(id)
  const by = idOf(sender_id)
  if (messageId === null || by === null || by === me.id || typeof content !== 'string') return null
  const others = Array.isArray(display_recipient)
    ? display_recipient.map((user) => idOf(asRecord(user).id)).filter((user) => user !== me.id)
    : []
  const isDirect = type === 'private'
  const place = isDirect ? `type=private to=${others.join()}` : `type=stream id=${stream_id} topic=${subject}`
  const { text, isMentioned, quotes } = wordsOf(content, me)
  // Of several people who talk, nobody means the bot unless they say so.
  const isToUs = isMentioned || (isDirect && others.length <= 1)
  return { kind: 'said', messageId, by, text, quotes, isToUs, place, at: Number(timestamp) * 1000 }
}

/** A reaction as the server tells it; null: it is none that means something, or the bot's own. */
export function reactionIn(reaction: unknown, messageId: unknown, me: Me): Unnamed<Reacted> | null {
  const { emoji_code, reaction_type, user_id } = asRecord(reaction)
  const id = idOf(messageId)
  const by = idOf(user_id)
  const sign = SIGNS.get(String(emoji_code).replace('-fe0f', ''))
  if (id === null || by === null || by === me.id || sign === undefined) return null
  // An organisation may call a picture of its own as it likes.
  return reaction_type === 'unicode_emoji' ? { kind: 'reacted', messageId: id, by, sign } : null
}

/** A mention of somebody at the beginning, and who that is. */
const MENTION = /^@\*\*(?<name>[^*|]*)(?:\|(?<id>\d+))?\*\*:?/
/** What "Quote and reply" puts before an answer: who said it, a link to it, and what was said, within a fence. */
const QUOTE =
  /^@_?\*\*[^*\n]+\*\* \[[^\]\n]*\]\([^)\s]*\/near\/(?<id>\d+)[^)\s]*\):?\s*\n(?<fence>`{3,}|~{3,})quote\n[\s\S]*?\n\k<fence>(?:\n|$)/

/** What is said in a message, to whom, and in answer to what. */
function wordsOf(content: string, me: Me) {
  let text = content.trimStart()
  let quotes: number | null = null
  let isMentioned = false
  for (;;) {
    const quote: RegExpExecArray | null = quotes === null ? QUOTE.exec(text) : null
    const mention: RegExpExecArray | null = isMentioned ? null : MENTION.exec(text)
    if (quote) quotes = Number(quote.groups?.id)
    else if (mention && isMine(mention, me)) isMentioned = true
    else return { text: text.trim(), quotes, isMentioned }
    text = text.slice((quote ?? mention)?.[0].length).trimStart()
  }
}

const isMine = ({ groups }: RegExpExecArray, { id, name }: Me) =>
  groups?.id === undefined ? groups?.name === name : Number(groups.id) === id
