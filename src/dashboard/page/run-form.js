import { element, part, rows } from './dom.js'
import { duration, firstLine } from './format.js'
import { complain, explain, tell } from './toasts.js'

/** @typedef {import('./api.js').Api} Api */
/** @typedef {import('./api.js').RunDetails} RunDetails */
/** @typedef {import('./api.js').Plan} Plan */

/**
 * The form that asks for a run.
 * @param {ParentNode} root @param {Api} api
 */
export function createRunForm(root, api) {
  const dialog = part(root, 'form-dialog', HTMLDialogElement)
  const form = part(dialog, 'form', HTMLFormElement)
  const plan = part(root, 'plan', HTMLElement)
  const start = part(root, 'start', HTMLButtonElement)
  const preview = part(root, 'preview', HTMLButtonElement)

  /** @param {string} name */
  function field(name) {
    const found = form.elements.namedItem(name)
    if (found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement) return found
    throw new Error(`the form has no field '${name}'`)
  }
  const stopOnly = field('stop-only')

  /** What is left empty is left out, so that the service's defaults count. */
  function body() {
    /** @param {string} name */
    const filled = (name) => (field(name).value.trim() === '' ? undefined : field(name).value)
    return {
      zulip_message: field('message').value,
      codex_prompt: stopOnly instanceof HTMLInputElement && stopOnly.checked ? '' : filled('prompt'),
      workspace: filled('workspace'),
      codex_exec_delay_seconds: filled('delay'),
      timeout_seconds: filled('timeout'),
      stall_seconds: filled('stall'),
    }
  }

  /** @param {HTMLButtonElement} button @param {() => Promise<void>} work */
  async function during(button, work) {
    const text = button.textContent
    start.disabled = preview.disabled = true
    button.textContent = `${text} …`
    try {
      await work()
    } catch (error) {
      showProblem(error)
    } finally {
      start.disabled = preview.disabled = false
      button.textContent = text
    }
  }

  /** A modal dialog covers the messages of the page: here it must be said inside. @param {unknown} error */
  function showProblem(error) {
    if (!dialog.open) return complain(error)
    const { text, remedy } = explain(error)
    const more = remedy === null ? [] : [element('small', {}, remedy)]
    plan.replaceChildren(element('p', { class: 'problem', role: 'alert' }, text, ...more))
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void during(start, async () => {
      const { run_id } = await api.start(body())
      dialog.close()
      form.reset()
      location.hash = ''
      tell(run_id === null ? 'Announced, and stopped what ran.' : 'The run has begun.')
    })
  })
  preview.addEventListener('click', () => {
    if (form.reportValidity())
      void during(preview, async () => showPlan((await api.start({ ...body(), plan: true })).plan))
  })
  part(root, 'form-cancel', HTMLButtonElement).addEventListener('click', () => dialog.close())
  form.addEventListener('input', () => plan.replaceChildren())

  /** @param {Plan} planned */
  function showPlan({ would, notice, stop, launch }) {
    plan.replaceChildren(
      element('h3', {}, HEADLINES[would] ?? `It would: ${would}`),
      element(
        'dl',
        {},
        ...rows([
          ['Announce', `“${notice.message}”${notice.route === null ? '' : ` to ${notice.route}`}`],
          [
            'Stop',
            stop.length === 0
              ? 'nothing'
              : stop.map(({ pid, command }) => `pid ${pid}: ${firstLine(command, 160)}`).join('\n'),
          ],
          ['Wait', launch && launch.delay_seconds > 0 ? duration(launch.delay_seconds * 1000) : null],
          ['Launch', launch ? element('code', {}, firstLine(launch.command, 600)) : 'nothing'],
          ['In', launch?.workspace ?? null],
        ]),
      ),
    )
    plan.scrollIntoView({ block: 'nearest' })
  }

  function open() {
    plan.replaceChildren()
    dialog.showModal()
    field('message').focus()
  }

  return {
    open,
    /** Opens it with what another run was asked for. @param {RunDetails} run */
    openAgain(run) {
      form.reset()
      field('message').value = `Again: ${firstLine(run.prompt, 80)}`
      field('prompt').value = run.prompt
      field('workspace').value = run.workspace
      field('timeout').value = String(run.timeout_seconds)
      field('stall').value = String(run.stall_seconds)
      open()
      start.focus()
    },
    /** Offers workspaces to choose from. @param {string[]} workspaces */
    offer(workspaces) {
      part(root, 'workspaces', HTMLDataListElement).replaceChildren(
        ...workspaces.map((value) => element('option', { value })),
      )
    },
  }
}

/** @type {Readonly<Record<string, string>>} */
const HEADLINES = {
  run: 'This would happen',
  stop_only: 'It would announce and stop only',
  skip: 'It would be skipped: something runs',
  busy: 'It would be refused: another launch is under way',
}
