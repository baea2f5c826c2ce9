/**
 * Something that is rarely there: until it is, nothing of it is loaded or shown.
 * @template T
 * @param {() => Promise<(there: T) => unknown>} load makes what draws it
 * @param {(there: T) => number} countOf how much of it there is
 */
export function createDoor(load, countOf) {
  /** @type {ReturnType<typeof load> | null} */
  let loading = null

  return {
    /** @param {T | null | undefined} there an older service, or one that cannot tell it now, says nothing of it */
    async draw(there) {
      if (!there || (loading === null && countOf(there) === 0)) return
      loading ??= load()
      try {
        const draw = await loading
        await draw(there)
      } catch (error) {
        loading = null
        throw error
      }
    },
  }
}
