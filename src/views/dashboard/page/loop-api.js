import { ROOT } from './api.js'

/** @import { Api } from './api.js' */
/** @typedef {import('../../../triggers/loop/schemas.ts').OneLoop['loop'] & { run_id?: string | null, monitor_output?: string }} Loop What a service of an earlier version does not tell. */
/** @typedef {import('../../../triggers/loop/schemas.ts').RoundList['rounds'][number] & { monitor_output?: string | null, gate_output?: string | null, gate?: 'go' | 'nothing_to_do' | 'failed' | null }} Round What a service of an earlier version does not tell. */
/** @typedef {{ rounds: Round[], next_before: number | null }} RoundPage */
/** @typedef {import('../../../triggers/loop/memory-schemas.ts').BothMemories['memory']} Memories */
/** @typedef {keyof Memories} MemoryName */
/** @typedef {import('../../../triggers/loop/memory-schemas.ts').VersionList} VersionPage */
/** @typedef {VersionPage['versions'][number]} MemoryVersion */

/** The loops of the service. @param {Api} api */
export function createLoopApi(api) {
  /** @param {string} name @param {string} [below] */
  const at = (name, below = '') => `loops/${encodeURIComponent(name)}${below}`
  /** Where a page begins. @param {number | null} before */
  const behind = (before) => (before === null ? '' : `&before=${before}`)
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
    rounds: (name, limit, before) => api.read(at(name, `/rounds?limit=${limit}${behind(before)}`)),
    /** Says the whole of it. @param {string} name @param {object} definition @returns {Promise<Loop>} */
    define: async (name, definition) => (await post(at(name), definition)).loop,
    /** @param {string} name @param {'start' | 'stop' | 'pause' | 'resume' | 'skip'} what @returns {Promise<Loop>} */
    act: async (name, what) => (await post(at(name, `/${what}`), {})).loop,
    /** @param {string} name @param {string} hint @returns {Promise<Loop>} */
    hint: async (name, hint) => (await post(at(name, '/hint'), { hint })).loop,
    /** @param {string} name @returns {Promise<Memories>} */
    memories: async (name) => (await api.read(at(name, '/memory'))).memory,
    /** Those that are named, as a whole. @param {string} name @param {{ [memory in MemoryName]?: string }} texts @returns {Promise<Memories>} */
    writeMemories: async (name, texts) => (await post(at(name, '/memory'), texts)).memory,
    /** @param {string} name @param {MemoryName} memory @param {number} limit @param {number | null} before @returns {Promise<VersionPage>} */
    versions: (name, memory, limit, before) =>
      api.read(at(name, `/memory/versions?memory=${memory}&limit=${limit}${behind(before)}`)),
    /** @param {string} name @param {number} version_id @returns {Promise<Memories>} */
    restore: async (name, version_id) => (await post(at(name, '/memory/restore'), { version_id })).memory,
  }
}
/** @typedef {ReturnType<typeof createLoopApi>} LoopApi */

/** Where the page of a loop is. @param {string} name */
export const pageOf = (name) => new URL(`loops/${name}`, ROOT).href
