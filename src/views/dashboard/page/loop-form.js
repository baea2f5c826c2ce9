import { element, part } from './dom.js'
import { createKeptField } from './kept-field.js'
import { FIELDS } from './loop-fields.js'
import { explain, tell } from './toasts.js'

/** @import { Loop, LoopApi } from './loop-api.js' */
/** @import { Input, KeptField } from './kept-field.js' */
/** @import { Field } from './loop-fields.js' */

const UNLIMITED = 'unlimited'

/**
 * Every field of a loop, saved together as the whole of it.
 * @param {HTMLElement} root @param {LoopApi} loops @param {string} name
 * @param {(loop: Loop) => void} changed is told what it is now
 */
export function createLoopForm(root, loops, name, changed) {
  const form = part(root, 'config', HTMLFormElement)
  const box = part(root, 'fields', HTMLElement)
  const problem = part(root, 'config-problem', HTMLElement)
  const save = part(root, 'save', HTMLButtonElement)
  /** @type {Map<Field, { row: HTMLElement, kept: KeptField }>} */
  const fields = new Map()
  /** As the service told it last; a loop that is not made yet has no fields. @type {Record<string, unknown>} */
  let definition = {}

  for (const field of FIELDS) {
    const id = `field-${field.name}`
    const input = inputOf(field)
    const note = element('p', { class: 'elsewhere', role: 'status', hidden: '' })
    input.id = id
    input.setAttribute('aria-describedby', `${id}-hint`)
    const label = element(
      'div',
      { class: 'label' },
      element('label', { for: id }, field.label),
      element('span', { id: `${id}-hint` }, field.hint),
    )
    const row = element('div', { class: `field of-${field.kind}` }, label, input, note)
    box.append(row)
    fields.set(field, { row, kept: createKeptField(input, note) })
  }

  /** The whole of it: what nobody touched stays as it was, also where this page does not know it. */
  function whole() {
    const body = { ...definition }
    for (const [field, { kept }] of fields) {
      if (!kept.isTouched()) continue
      const value = valueFor(field, kept.value())
      if (value === undefined) delete body[field.name]
      else body[field.name] = value
    }
    return body
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (save.ariaBusy === 'true') return
    save.ariaBusy = 'true'
    problem.hidden = true
    try {
      const loop = await loops.define(name, whole())
      for (const [field, { kept }] of fields) kept.put(textOf(loop.definition, field.name))
      changed(loop)
      tell(`Saved ${name}: it counts from the next round on.`)
    } catch (error) {
      const { text, remedy } = explain(error)
      problem.textContent = [text, remedy].filter(Boolean).join(' ')
      problem.hidden = false
      problem.scrollIntoView({ block: 'nearest' })
    }
    save.ariaBusy = null
  })

  return {
    /** @param {Loop} loop */
    take(loop) {
      definition = { ...loop.definition }
      for (const [{ name: field, isNew }, { row, kept }] of fields) {
        row.hidden = isNew === true && loop.monitor_output === undefined
        kept.take(textOf(definition, field))
      }
    },
  }
}

/** @param {Field} field @returns {Input} */
function inputOf({ kind, choices = [] }) {
  if (kind === 'text') return element('textarea', { rows: '4', spellcheck: 'false' })
  if (kind === 'choice')
    return element(
      'select',
      {},
      element('option', { value: '' }, `${choices[0]} (default)`),
      ...choices.map((value) => element('option', { value }, value)),
    )
  const input = element('input', { autocomplete: 'off', spellcheck: 'false' })
  if (kind === 'limit') input.placeholder = `a number, or ${UNLIMITED}`
  return input
}

/** @param {object} definition @param {string} name */
function textOf(definition, name) {
  const value = Object.entries(definition).find(([key]) => key === name)?.[1]
  return value === undefined || value === null ? '' : String(value)
}

/** What the service is told; undefined: nothing. @param {Field} field @param {string} text */
function valueFor({ kind }, text) {
  if (text.trim() === '') return undefined
  const isNumber = kind === 'seconds' || (kind === 'limit' && text.trim() !== UNLIMITED)
  // What is no number goes as it is: the service says what is wrong with it.
  const number = isNumber ? Number(text) : Number.NaN
  if (!Number.isNaN(number)) return number
  return kind === 'text' ? text : text.trim()
}
