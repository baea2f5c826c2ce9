import { element, part } from './dom.js'

/** @import { Agent, RunDetails } from './api.js' */
/** @import { Agents } from './agents.js' */

/**
 * The fields that say which agent is started, with which model, and in which session.
 * @param {ParentNode} root @param {Agents} agents
 */
export function createAgentFields(root, agents) {
  const select = part(root, 'agent', HTMLSelectElement)
  const resume = part(root, 'resume', HTMLInputElement)
  const banner = part(root, 'continues', HTMLElement)

  /** The one that would be started. */
  function chosen() {
    return agents.find(select.value) ?? agents.standard()
  }

  /** Only what the agent can. */
  function draw() {
    const agent = chosen()
    const isNew = resume.value === ''
    part(root, 'agent-field', HTMLElement).hidden = !isNew || agents.there().length < 2
    part(root, 'model-field', HTMLElement).hidden = agent?.can.model === false
    part(root, 'system-field', HTMLElement).hidden = !isNew || agent?.can.system_prompt === false
    part(root, 'models', HTMLDataListElement).replaceChildren(
      ...(agent?.models ?? []).map((value) => element('option', { value })),
    )
    part(root, 'model', HTMLInputElement).placeholder = agent?.model ?? ''
    banner.hidden = isNew
  }

  /** Offers what is there now; what was chosen stays. */
  function offer() {
    const { value } = select
    const standard = agents.standard()
    const others = agents.there().filter(({ name }) => name !== standard?.name)
    select.replaceChildren(
      element('option', { value: '' }, standard === null ? 'default' : `${words(standard)} – default`),
      ...others.map((agent) => element('option', { value: agent.name }, words(agent))),
    )
    select.value = value
    if (select.selectedIndex === -1) select.value = ''
    draw()
  }

  select.addEventListener('change', draw)

  return {
    offer,
    /** What the service is asked for. @param {(name: string) => string | undefined} filled */
    body(filled) {
      const isNew = resume.value === ''
      const { can } = chosen() ?? {}
      return {
        agent: isNew ? filled('agent') : undefined,
        model: can?.model === false ? undefined : filled('model'),
        system_prompt: isNew && can?.system_prompt !== false ? filled('system') : undefined,
        resume: filled('resume'),
      }
    },
    /** Fills in what another run was asked for. @param {RunDetails} run */
    take(run) {
      const isThere = agents.there().some(({ name }) => name === run.agent)
      select.value = isThere && agents.standard()?.name !== run.agent ? run.agent : ''
      part(root, 'model', HTMLInputElement).value = run.model ?? ''
      draw()
    },
    /** Goes on in this run's session, or in none. @param {RunDetails | null} run */
    resume(run) {
      resume.value = run?.run_id ?? ''
      banner.replaceChildren(
        ...(run === null
          ? []
          : [
              'Continues ',
              element('strong', {}, run.name ?? run.run_id),
              ` in its session with ${run.agent}.`,
            ]),
      )
      draw()
    },
  }
}

/** @param {Agent} agent */
function words({ name, logged_in }) {
  return logged_in === false ? `${name} (not logged in)` : name
}
