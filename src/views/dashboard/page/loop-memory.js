import { copyOf, element, part } from './dom.js'
import { createKeptField } from './kept-field.js'
import { sizeOf } from './loop-size.js'
import { createVersions } from './loop-versions.js'
import { explain, tell } from './toasts.js'

/** @import { LoopApi, Memories, MemoryName } from './loop-api.js' */
/** @typedef {{ memory: MemoryName, title: string, hint: string }} Kind */
/** @typedef {{ name: string, now: () => number, iterationOf: (roundId: number) => number | null }} About Its loop, and what is known of that. */
/**
 * @typedef {object} MemoryUses
 * @property {(memories: Memories) => void} taken is told what both are now
 * @property {(question: string, then: () => void) => void} confirm
 * @property {() => void} permit says again what may be used, as something was added
 */

/** The service takes no more. */
const MOST_BYTES = 65_536

/**
 * One memory of a loop, and what it was.
 * @param {HTMLElement} place @param {LoopApi} loops @param {About} about @param {Kind} kind @param {MemoryUses} uses
 */
export function createMemory(place, loops, about, { memory, title, hint }, uses) {
  const box = element('div', { class: 'memory' })
  box.append(copyOf('memory'))
  place.append(box)
  const input = part(box, 'memory-text', HTMLTextAreaElement)
  const warning = part(box, 'memory-warning', HTMLElement)
  const problem = part(box, 'memory-problem', HTMLElement)
  const size = part(box, 'memory-size', HTMLElement)
  const save = part(box, 'memory-save', HTMLButtonElement)
  const kept = createKeptField(input, part(box, 'memory-elsewhere', HTMLElement))
  const versions = createVersions(box, loops, about, memory, uses)
  const id = `memory-${memory}`
  input.id = id
  part(box, 'memory-head', HTMLElement).append(
    element('label', { for: id }, title),
    element('span', { id: `${id}-hint` }, hint),
  )
  size.id = `${id}-size`
  input.setAttribute('aria-describedby', `${id}-hint ${size.id}`)
  save.ariaLabel = `Save the ${memory} memory`

  function drawSize() {
    const bytes = sizeOf(input.value)
    size.textContent = `${bytes.toLocaleString('en')} of ${MOST_BYTES.toLocaleString('en')} bytes`
    size.classList.toggle('tone-bad', bytes > MOST_BYTES)
  }

  input.addEventListener('input', drawSize)
  part(box, 'memory-form', HTMLFormElement).addEventListener('submit', async (event) => {
    event.preventDefault()
    // Disabled it would lose the focus.
    if (save.ariaBusy === 'true') return
    save.ariaBusy = 'true'
    problem.hidden = true
    try {
      const sent = kept.value()
      const memories = await loops.writeMemories(about.name, { [memory]: sent })
      kept.settle(sent, memories[memory].text)
      uses.taken(memories)
      tell(`Saved the ${memory} memory.`)
    } catch (error) {
      const { text, remedy } = explain(error)
      problem.textContent = [text, remedy].filter(Boolean).join(' ')
      problem.hidden = false
    }
    save.ariaBusy = null
  })

  return {
    /** @param {Memories} memories */
    take(memories) {
      const { text, bytes, warning: words } = memories[memory]
      kept.take(text)
      // Of one that is too large only its beginning is told.
      const isCut = bytes > sizeOf(text) ? ' Saving drops the rest.' : ''
      warning.hidden = words === null
      warning.textContent = words === null ? '' : `Its file: ${words}.${isCut}`
      drawSize()
      versions.take(text)
    },
  }
}
