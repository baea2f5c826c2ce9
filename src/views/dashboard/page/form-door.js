import { part } from './dom.js'

/** @import { RunDetails } from './api.js' */
/** @typedef {import('./form-more.js')} Module */
/** @typedef {ReturnType<Module['createMoreFields']>} MoreFields */

/**
 * The fields that are rarely filled in: their script comes when their fold is first opened, or a run that was asked for with one
 * of them is asked for again.
 * @param {HTMLElement} root @param {() => string[]} slots @param {(error: unknown) => void} reject
 */
export function createMoreDoor(root, slots, reject) {
  const fold = part(root, 'limits', HTMLDetailsElement)
  /** @type {Promise<MoreFields> | null} */
  let loading = null
  /** @type {MoreFields | null} */
  let fields = null

  async function load() {
    loading ??= import('./form-more.js').then(({ createMoreFields }) => createMoreFields(root, slots))
    try {
      fields = await loading
      fields.offer()
    } catch (error) {
      loading = null
      throw error
    }
  }

  fold.addEventListener('toggle', () => {
    if (fold.open) load().catch(reject)
  })

  return {
    body: () => fields?.body() ?? {},
    /** Fills in what another run was asked for. @param {RunDetails} run */
    async take(run) {
      if (run.slot !== 'default' || run.share_workspace || run.max_tokens || run.max_cost_usd) await load()
      if (fields?.take(run)) fold.open = true
    },
  }
}
