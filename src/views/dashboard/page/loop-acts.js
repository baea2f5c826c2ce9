import { element, part } from './dom.js'
import { createKeptField } from './kept-field.js'
import { isAtWork } from './loop-words.js'
import { complain, tell } from './toasts.js'

/** @import { Loop, LoopApi } from './loop-api.js' */
/** @typedef {{ name: 'start' | 'stop' | 'pause' | 'resume' | 'skip', label: string, style: string, isThere: (loop: Loop) => boolean }} Act */

/** @type {readonly Act[]} */
const ACTS = [
  {
    name: 'start',
    label: 'Start',
    style: 'primary',
    isThere: (loop) => !isAtWork(loop) && loop.state !== 'paused',
  },
  {
    name: 'resume',
    label: 'Resume',
    style: 'primary',
    isThere: ({ state, wish }) => state === 'paused' || wish === 'pause',
  },
  { name: 'pause', label: 'Pause', style: '', isThere: (loop) => isAtWork(loop) && loop.wish === null },
  { name: 'skip', label: 'Skip the wait', style: '', isThere: ({ state }) => state === 'waiting' },
  {
    name: 'stop',
    label: 'Stop',
    style: 'danger',
    isThere: (loop) => isAtWork(loop) || loop.state === 'paused',
  },
]

/**
 * What can be done with a loop now, and the hint for its next round.
 * @param {HTMLElement} root @param {LoopApi} loops @param {string} name
 * @param {(loop: Loop) => void} changed is told what it is now
 */
export function createActs(root, loops, name, changed) {
  const box = part(root, 'acts', HTMLElement)
  const dialog = part(root, 'stop-dialog', HTMLDialogElement)
  const form = part(root, 'hint-form', HTMLFormElement)
  const hint = createKeptField(
    part(root, 'hint', HTMLTextAreaElement),
    part(root, 'hint-elsewhere', HTMLElement),
  )

  /** @param {HTMLButtonElement} button @param {() => Promise<Loop>} act */
  async function once(button, act) {
    // Disabled it would lose the focus.
    if (button.ariaBusy === 'true') return
    button.ariaBusy = 'true'
    try {
      changed(await act())
    } catch (error) {
      complain(error)
    }
    button.ariaBusy = null
  }

  const buttons = ACTS.map(({ name: act, label, style, isThere }) => {
    const button = element('button', { type: 'button', class: style }, label)
    const press = () => once(button, () => loops.act(name, act))
    if (act !== 'stop') button.addEventListener('click', press)
    else {
      button.addEventListener('click', () => {
        dialog.returnValue = ''
        dialog.showModal()
      })
      dialog.addEventListener('close', () => dialog.returnValue === 'yes' && press())
    }
    box.append(button)
    return { button, isThere }
  })

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void once(part(root, 'hint-send', HTMLButtonElement), async () => {
      const text = hint.value()
      const loop = await loops.hint(name, text)
      hint.put(loop.hint)
      tell(text.trim() === '' ? 'The hint is taken back.' : 'The next round is told this hint.')
      return loop
    })
  })

  return {
    /** @param {Loop} loop */
    draw(loop) {
      const focused = document.activeElement
      for (const { button, isThere } of buttons) button.hidden = !isThere(loop)
      // What was pressed made way for another one: the keyboard goes on there.
      if (focused instanceof HTMLButtonElement && focused.hidden && box.contains(focused))
        buttons.find(({ button }) => !button.hidden)?.button.focus()
      hint.take(loop.hint)
    },
  }
}
