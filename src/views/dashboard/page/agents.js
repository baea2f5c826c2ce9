/** @import { Agent, Api } from './api.js' */
/** @typedef {ReturnType<typeof createAgents>} Agents */

/**
 * The agents of the service, as far as it was asked: they are asked about themselves then, which takes a while.
 * @param {Api} api @param {() => void} changed is told when more is known
 */
export function createAgents(api, changed) {
  /** @type {Agent[]} */
  let all = []

  return {
    async load() {
      all = (await api.agents()).agents
      changed()
    },
    /** Those that can be started. @returns {Agent[]} */
    there: () => all.filter(({ program, default: isDefault }) => program !== null || isDefault),
    /** @param {string} name */
    find: (name) => all.find((agent) => agent.name === name) ?? null,
    standard: () => all.find((agent) => agent.default) ?? null,
    /** Whether it is worth a word that a run is of this agent. @param {string} name */
    isNews(name) {
      const standard = this.standard()
      return this.there().length > 1 || (standard !== null && standard.name !== name)
    },
  }
}
