import { createNews } from '../base/news.ts'
import type { Steps } from '../runs/steps.ts'

/** The ends of runs, to be waited for. */
export interface Ends {
  /** Resolves when a run ends after this call. */
  next(): Promise<void>
  /** Listens no more. */
  close(): void
}

/** Listens from now on. */
export function endsOf(steps: Steps): Ends {
  const { next, tell } = createNews()
  const close = steps.subscribe(({ step }) => {
    if (step === 'ended') tell()
  })
  return { close, next }
}
