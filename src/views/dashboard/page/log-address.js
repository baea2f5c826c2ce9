/** @typedef {{ from: number, to: number }} Lines Lines of a log by their numbers. */

const ADDRESS = /^#(?:\/runs\/([\w-]+)#?)?(?:L(\d{1,15})(?:-L?(\d{1,15}))?)?$/

/**
 * The lines that an address names, `#L10-L20` or `#/runs/<id>#L10-L20`, if it names any of this run.
 * @param {string} hash @param {string} runId
 * @returns {Lines | null}
 */
export function linesIn(hash, runId) {
  const [, run = runId, first, last = first] = ADDRESS.exec(hash) ?? []
  if (run !== runId || first === undefined) return null
  const ends = [Number(first), Number(last)].map((number) => Math.max(1, number))
  return { from: Math.min(...ends), to: Math.max(...ends) }
}

/** The address of lines of a run's log. @param {string} runId @param {Lines} lines */
export function addressOf(runId, { from, to }) {
  return `#/runs/${runId}#L${from}${to === from ? '' : `-L${to}`}`
}
