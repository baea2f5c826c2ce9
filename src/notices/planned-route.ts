import type { NoticeRoute } from './notice.ts'

/** A route as one line for whoever plans a run: nothing is named that is not there. */
export function plannedRoute({ route, problem }: NoticeRoute): string {
  const where = route ?? (problem === null ? 'server log only, nothing else is configured' : 'none')
  return problem === null ? where : `${where}; it would fail: ${problem}`
}
