/**
 * Loads at the first need; where that fails, again at the next.
 * @template T
 * @param {() => Promise<T>} load
 */
export function loadOnce(load) {
  /** @type {Promise<T> | null} */
  let loading = null
  return {
    isWanted: () => loading !== null,
    async get() {
      loading ??= load()
      try {
        return await loading
      } catch (error) {
        loading = null
        throw error
      }
    },
  }
}

/**
 * Something that is rarely there: until it is, nothing of it is loaded or shown.
 * @template T
 * @param {() => Promise<(there: T) => unknown>} load makes what draws it
 * @param {(there: T) => number} countOf how much of it there is
 */
export function createDoor(load, countOf) {
  const drawer = loadOnce(load)
  return {
    /** @param {T | null | undefined} there an older service, or one that cannot tell it now, says nothing of it */
    async draw(there) {
      if (!there || (!drawer.isWanted() && countOf(there) === 0)) return
      const draw = await drawer.get()
      await draw(there)
    },
  }
}
