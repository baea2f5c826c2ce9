import type { ErrorKind } from './agent-events.ts'

/**
 * What to do about a run that failed, in a sentence; null where nobody can say.
 * @param agent its name; @param until when a limit ends, in milliseconds since the epoch; null: nobody told
 */
export function remedyOf(kind: ErrorKind, agent: string, until: number | null): string | null {
  switch (kind) {
    case 'quota': {
      const when = until === null ? 'the limit is reset' : new Date(until).toISOString()
      return `Wait until ${when}, or use another account.`
    }
    case 'budget':
      return 'Allow more, if it needs more.'
    case 'auth':
      return `Log ${agent} in as the user of the service, or fix the key of its model provider.`
    case 'network':
      return 'Fix the network of the machine, and HTTPS_PROXY where it needs a proxy; or ask again later: the service of the model may be busy or down.'
    case 'context_full':
      return 'Give it a smaller task: the conversation became longer than the model can take.'
    case 'refused':
      return `Change the task, or what ${agent} may do.`
    case 'crashed':
    case 'other':
      return null
  }
}
