import type { Ask } from '../people/ask.ts'
import { NEWS_MS, type PushEvent } from './event.ts'

/** What devices are told of an ask: that it is asked, and what became of it. @param name of its run */
export function askEvents(ask: Ask, name: string): PushEvent[] {
  const { id, question, choices, askedAt, deadlineAt, settledAt } = ask
  const key = `ask ${id}`
  const shown = { tag: key, to: `#/asks/${id}`, time: null }
  if (settledAt === null) {
    const body = choices.length > 0 ? `${question} (${choices.join(' / ')})` : question
    const asked = { ...shown, title: `${name} asks`, body, choices, isQuiet: false }
    const expiresAt = Math.min(deadlineAt ?? Number.POSITIVE_INFINITY, askedAt + NEWS_MS)
    return [
      { key, want: 'asks', at: askedAt, expiresAt, isUrgent: true, after: null, unless: null, shown: asked },
    ]
  }
  const settled = { ...shown, title: name, body: becameOf(ask), choices: [], isQuiet: true }
  const expiresAt = settledAt + NEWS_MS
  // It is as urgent as the question: until it comes, somebody may try to answer.
  const common = { want: 'asks', at: settledAt, expiresAt, isUrgent: true, unless: null } as const
  return [{ ...common, key: `${key} settled`, after: key, shown: settled }]
}

function becameOf({ state, answer, answeredBy, question }: Ask): string {
  if (state === 'answered')
    return `Answered${answeredBy === null ? '' : ` by ${answeredBy}`}: ${answer} (${question})`
  if (state === 'withdrawn') return `Not asked any more, its run has ended: ${question}`
  return `Nobody answered in time${answer === null ? '' : `, so “${answer}” counts`}: ${question}`
}
