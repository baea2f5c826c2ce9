import { meantBy } from '../base/misspelt.ts'

/** A question that names what was probably meant; empty where nothing is near. */
export function didYouMean(given: string, known: readonly string[]): string {
  const meant = meantBy(given, known)
  return meant === null ? '' : ` Did you mean "${meant}"?`
}
