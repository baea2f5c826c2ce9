import { createAgentFields } from './agent-fields.js'
import { element, part } from './dom.js'
import { createMoreDoor } from './form-door.js'
import { createFields, inWordsOfForm, placeOf } from './form-fields.js'
import { firstLine } from './format.js'
import { planDetails, startWords, stopsOf } from './plan-view.js'
import { complain, explain, tell } from './toasts.js'

/** @import { Api, Plan, RunDetails, Status } from './api.js' */

/** How long nothing must be typed before the service is asked what would happen. */
const SETTLE_MS = 300
/** What stands for a message that is not written yet: what will be stopped does not depend on it. */
const NO_MESSAGE = '…'
/** What is told to be wrong when the user has left it. @type {readonly string[]} */
const LOOKED_AT = ['workspace', 'agent', 'model', 'resume']

/**
 * The form that asks for a run. It tells at any time what will be stopped.
 * @param {ParentNode} root @param {Api} api @param {import('./plan-view.js').Known} known
 * @param {() => Status} status @param {import('./agents.js').Agents} agents
 * @param {() => string[]} slots
 */
export function createRunForm(root, api, known, status, agents, slots) {
  const dialog = part(root, 'form-dialog', HTMLDialogElement)
  const form = part(dialog, 'form', HTMLFormElement)
  const details = part(root, 'plan', HTMLElement)
  const stops = part(root, 'stops', HTMLElement)
  const start = part(root, 'start', HTMLButtonElement)
  const preview = part(root, 'preview', HTMLButtonElement)
  const fields = createFields(form)
  const { field, filled } = fields
  const agentFields = createAgentFields(dialog, agents)
  const more = createMoreDoor(dialog, slots, showProblem)
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settling
  let looks = 0
  let busy = false
  /** What would happen, as it was last told. @type {Plan | null} */
  let plan = null

  /** What is left empty is left out, so that the service's defaults count. */
  function body() {
    return {
      zulip_message: filled('message') ?? NO_MESSAGE,
      codex_prompt: fields.isChecked('stop-only') ? '' : filled('prompt'),
      workspace: filled('workspace'),
      ...agentFields.body(filled),
      ...more.body(),
      codex_exec_delay_seconds: filled('delay'),
      timeout_seconds: filled('timeout'),
      stall_seconds: filled('stall'),
    }
  }

  function draw() {
    stops.replaceChildren(...(plan ? stopsOf(plan, known, api.now()) : []))
    start.textContent = `${startWords(plan, fields.isChecked('stop-only'))}${busy ? ' …' : ''}`
    start.disabled = preview.disabled = busy
  }

  /** @param {object} body */
  const planOf = async (body) => (await api.start({ ...body, plan: true })).plan

  /** Asks what would happen. A field that is wrong is told when the user has left it. @param {boolean} [quietly] */
  async function look(quietly = true) {
    const asked = ++looks
    /** @type {Plan | null} */
    let found = null
    try {
      found = await planOf(body())
    } catch (error) {
      if (asked === looks && !quietly && LOOKED_AT.includes(String(placeOf(error)))) showProblem(error)
      // What will be stopped does not depend on what is not filled in yet.
      const least = { zulip_message: NO_MESSAGE, codex_prompt: '' }
      found = await planOf({ ...least, ...more.body() }).catch(() => null)
    }
    if (asked !== looks) return
    plan = found
    draw()
  }

  /** @param {() => Promise<void>} work */
  async function during(work) {
    busy = true
    draw()
    try {
      await work()
    } catch (error) {
      showProblem(error)
    } finally {
      busy = false
      draw()
    }
  }

  /** A modal dialog covers the messages of the page: here it must be said inside. @param {unknown} error */
  function showProblem(error) {
    if (!dialog.open) return complain(error)
    const { text, remedy } = explain(error)
    const place = placeOf(error)
    if (place) return fields.refuse(place, inWordsOfForm(text), remedy && inWordsOfForm(remedy))
    const more = remedy === null ? [] : [element('small', {}, remedy)]
    details.replaceChildren(element('p', { class: 'problem', role: 'alert' }, text, ...more))
    details.scrollIntoView({ block: 'center' })
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!fields.check()) return
    void during(async () => {
      const message = firstLine(field('message').value, 100)
      const { run_id, waiting_ahead: ahead } = await api.start(body())
      dialog.close()
      form.reset()
      location.hash = ''
      if (ahead !== undefined) tell(`“${message}” waits for its slot, ${ahead} before it.`)
      else tell(run_id === null ? `Sent “${message}”, and stopped what ran.` : `Started “${message}”.`)
    })
  })
  // As in a box for messages: a line is begun with Shift.
  field('message').addEventListener('keydown', (event) => {
    if (!(event instanceof KeyboardEvent) || event.key !== 'Enter' || event.shiftKey || event.isComposing)
      return
    event.preventDefault()
    form.requestSubmit()
  })
  preview.addEventListener('click', () => {
    if (!fields.check()) return
    void during(async () => {
      plan = await planOf(body())
      details.replaceChildren(...planDetails(plan, status().notice))
      details.scrollIntoView({ block: 'nearest' })
    })
  })
  part(root, 'form-cancel', HTMLButtonElement).addEventListener('click', () => dialog.close())
  form.addEventListener('input', () => {
    fields.clearProblems()
    details.replaceChildren()
    clearTimeout(settling)
    settling = setTimeout(look, SETTLE_MS)
  })
  for (const name of LOOKED_AT)
    field(name).addEventListener('change', () => {
      clearTimeout(settling)
      void look(false)
    })

  /** @param {string} [title] */
  function open(title = 'New run') {
    part(dialog, 'form-title', HTMLElement).textContent = title
    // What is known of them is offered at once; they are asked anew, as one may have been installed.
    agentFields.offer()
    agents.load().then(agentFields.offer, () => undefined)
    fields.clearProblems()
    details.replaceChildren()
    plan = null
    draw()
    void look()
    dialog.showModal()
    field('message').focus()
  }

  return {
    open() {
      agentFields.resume(null)
      open()
    },
    /** Something has begun or ended meanwhile. */
    refresh() {
      if (dialog.open && !busy) void look()
    },
    /** Opens it with what another run was asked for. @param {RunDetails} run */
    async openAgain(run) {
      form.reset()
      await more.take(run)
      // The message gives a run its name: it stays.
      field('message').value = run.message ?? run.name
      field('prompt').value = run.prompt
      field('workspace').value = run.workspace
      field('timeout').value = String(run.timeout_seconds)
      field('stall').value = String(run.stall_seconds)
      agentFields.resume(null)
      agentFields.offer()
      agentFields.take(run)
      open()
      start.focus()
    },
    /** Opens it to go on in another run's session. @param {RunDetails} run */
    async openContinue(run) {
      form.reset()
      await more.take(run)
      field('message').value = run.message ?? run.name
      field('workspace').value = run.workspace
      agentFields.offer()
      agentFields.take(run)
      agentFields.resume(run)
      open('Continue')
      void look(false)
      field('prompt').focus()
    },
    /** Offers workspaces to choose from. @param {string[]} workspaces */
    offer(workspaces) {
      part(root, 'workspaces', HTMLDataListElement).replaceChildren(
        ...workspaces.map((value) => element('option', { value })),
      )
    },
  }
}
