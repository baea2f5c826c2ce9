import type { Ask } from './ask.ts'

/** What people are told of an ask, when it is asked and when it is settled; null: nothing. */
export function messageFor(ask: Ask): string | null {
  const { id, question, choices, defaultAnswer, deadlineAt, reference, state, answer, answeredBy } = ask
  switch (state) {
    case 'open': {
      const until = deadlineAt === null ? null : `until ${new Date(deadlineAt).toISOString()}`
      const otherwise = defaultAnswer === null ? '' : `; otherwise: ${defaultAnswer}`
      return [
        `asks (${id}): ${question}`,
        ...choices.map((choice) => `- ${choice}`),
        ...(reference === null ? [] : [`About: ${reference}`]),
        ...(until === null ? [] : [`Answer ${until}${otherwise}`]),
        `Answer with: looper answer ${id} "..."`,
      ].join('\n')
    }
    case 'answered':
      return `ask ${id} was answered${answeredBy === null ? '' : ` by ${answeredBy}`}: ${answer}`
    case 'expired':
      return `nobody answered ask ${id} until its deadline${answer === null ? '' : `; the default counts: ${answer}`}`
    case 'withdrawn':
      return null
  }
}
