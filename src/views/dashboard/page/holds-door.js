/** @import { Api, Status } from './api.js' */

/**
 * The agents that wait for their usage limits: until there is one, nothing of it is loaded or shown.
 * @param {HTMLElement} root @param {Api} api @param {() => Promise<void>} refresh
 */
export function createHoldsDoor(root, api, refresh) {
  const load = () => import('./holds.js').then(({ openHolds }) => openHolds(root, api, refresh))
  /** @type {ReturnType<typeof load> | null} */
  let loading = null

  return {
    /** @param {Status} status */
    async draw({ holds }) {
      // A service that is older, or cannot tell them now, says nothing of them.
      if (!holds || (loading === null && holds.length === 0)) return
      loading ??= load()
      try {
        const draw = await loading
        draw(holds)
      } catch (error) {
        loading = null
        throw error
      }
    },
  }
}
