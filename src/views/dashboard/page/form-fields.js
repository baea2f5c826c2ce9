import { ApiError } from './api.js'

/** @typedef {'message' | 'prompt' | 'workspace' | 'agent' | 'model' | 'system' | 'resume' | 'slot' | 'way' | 'share' | 'budget' | 'limits'} Place a field, or fields, with a place for what is wrong there */

/** Which field an error of the service is about, by its code. @type {Record<string, Place>} */
export const PLACES = {
  LOOPER_MESSAGE_MISSING: 'message',
  LOOPER_PROMPT_MISSING: 'prompt',
  LOOPER_PROMPT_TOO_LARGE: 'prompt',
  LOOPER_PROMPT_FILE_UNREADABLE: 'prompt',
  LOOPER_WORKSPACE_MISSING: 'workspace',
  LOOPER_WORKSPACE_FORBIDDEN: 'workspace',
  LOOPER_WORKSPACE_INVALID: 'workspace',
  LOOPER_WORKSPACE_CLOSED: 'workspace',
  LOOPER_WORKSPACE_REFUSED: 'workspace',
  LOOPER_WORKSPACE_BUSY: 'workspace',
  LOOPER_AGENT_UNKNOWN: 'agent',
  LOOPER_BINARY_MISSING: 'agent',
  LOOPER_RESUME_REFUSED: 'resume',
}

/** @typedef {readonly [RegExp, Place, string]} Name what the API calls a field, its place, and what people call it */

/** Those that are there from the beginning, then all. @type {Name[]} */
export const NAMES = [
  [/'?\bzulip_message\b'?/g, 'message', 'the message'],
  [/'?\bcodex_prompt\b'?/g, 'prompt', 'the prompt'],
  [/'?\bworkspace\b'(?! )|'workspace'/g, 'workspace', 'a workspace'],
  [/'?\bsystem_prompt\b'?/g, 'system', 'the system prompt'],
  [/'model'|^model\b/g, 'model', 'the model'],
  [/'agent'|^agent\b/g, 'agent', 'the agent'],
  [/'resume'|^resume\b/g, 'resume', 'the run to continue'],
  [/'?\bcodex_exec_delay_seconds\b'?/g, 'limits', 'the delay'],
  [/'?\btimeout_seconds\b'?/g, 'limits', 'the time limit'],
  [/'?\bstall_seconds\b'?/g, 'limits', 'the stall limit'],
]

/** An error's field, if it is about one. @param {unknown} error @returns {Place | null} */
export function placeOf(error) {
  if (!(error instanceof ApiError)) return null
  const named = NAMES.find(([api]) => error.message.search(api) !== -1)
  return PLACES[error.code] ?? (error.code === 'LOOPER_FIELD_INVALID' && named ? named[1] : null)
}

/** A sentence of the service in the words of the form. @param {string} text */
export function inWordsOfForm(text) {
  const words = NAMES.reduce((sentence, [api, , name]) => sentence.replace(api, name), text)
  return words.replace(/^Send /, 'Fill in ').replace(/^./, (first) => first.toUpperCase())
}

/**
 * The fields of a form.
 * @param {HTMLFormElement} form
 */
export function createFields(form) {
  /** @param {string} name */
  function field(name) {
    const found = form.elements.namedItem(name)
    if (
      found instanceof HTMLInputElement ||
      found instanceof HTMLTextAreaElement ||
      found instanceof HTMLSelectElement
    )
      return found
    throw new Error(`the form has no field '${name}'`)
  }

  /** @param {string} place @param {string | null} text @param {string | null} [remedy] */
  function setProblem(place, text, remedy = null) {
    const said = form.querySelector(`#${place}-problem`)
    if (!(said instanceof HTMLElement)) return
    said.hidden = text === null
    said.textContent = [text, remedy].filter(Boolean).join(' ')
    for (const input of form.querySelectorAll(`[aria-describedby~="${place}-problem"]`))
      if (text === null) input.removeAttribute('aria-invalid')
      else input.setAttribute('aria-invalid', 'true')
    if (text !== null) said.closest('details')?.setAttribute('open', '')
  }

  /** Says what is wrong with a field, at that field. @param {string} place @param {string} text @param {string | null} [remedy] */
  function refuse(place, text, remedy) {
    setProblem(place, text, remedy)
    const first = form.querySelector('[aria-invalid="true"]')
    if (first instanceof HTMLElement) first.focus()
    // On a small screen it may stand below what can be seen.
    form.querySelector(`#${place}-problem`)?.scrollIntoView({ block: 'center' })
  }

  return {
    field,
    refuse,
    /** @param {string} name */
    filled: (name) => (field(name).value.trim() === '' ? undefined : field(name).value),
    isChecked(/** @type {string} */ name) {
      const box = field(name)
      return box instanceof HTMLInputElement && box.checked
    },
    clearProblems() {
      for (const { id } of form.querySelectorAll('[id$="-problem"]'))
        setProblem(id.replace(/-problem$/, ''), null)
    },
    /** Whether everything is filled in as it must be; if not, it is said where. */
    check() {
      this.clearProblems()
      const limits = ['delay', 'timeout', 'stall'].every((name) => field(name).validity.valid)
      if (!limits) refuse('limits', 'Fill in a number of seconds that is not below 0.')
      const hasMessage = field('message').value.trim() !== ''
      if (!hasMessage) refuse('message', 'Fill in a message.')
      return limits && hasMessage
    },
  }
}
