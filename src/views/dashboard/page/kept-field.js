import { element } from './dom.js'

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Input */
/** @typedef {ReturnType<typeof createKeptField>} KeptField */

/**
 * A field that is never overwritten once somebody touched it: what the service tells meanwhile is said beside it, and taken at a
 * click.
 * @param {Input} input @param {HTMLElement} note where that is said
 */
export function createKeptField(input, note) {
  /** What the service told last. */
  let told = ''
  /** The same, as a browser writes it in such a field: a line ends in one way there. */
  let shown = ''
  const isTouched = () => input.value !== shown

  /** @param {string} value */
  function put(value) {
    told = value
    input.value = value
    shown = input.value
    note.hidden = true
  }

  input.addEventListener('input', () => {
    if (!isTouched()) note.hidden = true
  })

  return {
    isTouched,
    value: () => input.value,
    /** It is as the service has it now, whatever was in it. */
    put,
    /** It was sent, and this is what became of it: what was written meanwhile stays. @param {string} sent @param {string} value */
    settle(sent, value) {
      if (input.value === sent) return put(value)
      told = shown = value
    },
    /** Takes what the service tells. @param {string} value */
    take(value) {
      if (value === told) return
      if (!isTouched() || input.value === value) return put(value)
      told = shown = value
      const use = element('button', { type: 'button' }, 'Take that')
      use.addEventListener('click', () => {
        put(value)
        input.dispatchEvent(new Event('input'))
        input.focus()
      })
      const words =
        value === '' ? 'emptied' : `now “${value.length > 200 ? `${value.slice(0, 200)}…` : value}”`
      note.replaceChildren(`Changed elsewhere meanwhile: ${words}. `, use)
      note.hidden = false
    },
  }
}
