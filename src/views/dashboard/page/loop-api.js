import { ROOT } from './api.js'

/** @import { Api } from './api.js' */
/** @typedef {import('../../../triggers/loop/schemas.ts').OneLoop['loop'] & { run_id?: string | null, monitor_output?: string }} Loop What a service of an earlier version does not tell. */
/** @typedef {import('../../../triggers/loop/schemas.ts').RoundList['rounds'][number] & { monitor_output?: string | null, gate_output?: string | null, gate?: 'go' | 'nothing_to_do' | 'failed' | null }} Round What a service of an earlier version does not tell. */
/** @typedef {{ rounds: Round[], next_before: number | null }} RoundPage */

/** The loops of the service. @param {Api} api */
export function createLoopApi(api) {
  /** @param {string} name @param {string} [below] */
  const at = (name, below = '') => `loops/${encodeURIComponent(name)}${below}`
  /** @param {string} path @param {object} body */
  const post = (path, body) =>
    api.read(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  return {
    /** @returns {Promise<Loop[]>} */
    all: async () => (await api.read('loops')).loops,
    /** @param {string} name @returns {Promise<Loop>} */
    one: async (name) => (await api.read(at(name))).loop,
    /** @param {string} name @param {number} limit @param {number | null} before @returns {Promise<RoundPage>} */
    rounds: (name, limit, before) =>
      api.read(at(name, `/rounds?limit=${limit}${before === null ? '' : `&before=${before}`}`)),
    /** Says the whole of it. @param {string} name @param {object} definition @returns {Promise<Loop>} */
    define: async (name, definition) => (await post(at(name), definition)).loop,
    /** @param {string} name @param {'start' | 'stop' | 'pause' | 'resume' | 'skip'} what @returns {Promise<Loop>} */
    act: async (name, what) => (await post(at(name, `/${what}`), {})).loop,
    /** @param {string} name @param {string} hint @returns {Promise<Loop>} */
    hint: async (name, hint) => (await post(at(name, '/hint'), { hint })).loop,
  }
}
/** @typedef {ReturnType<typeof createLoopApi>} LoopApi */

/** Where the page of a loop is. @param {string} name */
export const pageOf = (name) => new URL(`loops/${name}`, ROOT).href
