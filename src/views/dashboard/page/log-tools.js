import { copy } from './clipboard.js'
import { element, part } from './dom.js'
import { complain } from './toasts.js'

const TOLD_MS = 1500

/**
 * What can be done with a log: wrap its lines, copy, download.
 * @param {ParentNode} root
 * @param {object} log
 * @param {() => string} log.name of its file
 * @param {() => Promise<Blob>} log.whole all of it, byte for byte
 * @param {() => Promise<string | null>} log.chosen the lines that the address names, if it does
 */
export function createLogTools(root, { name, whole, chosen }) {
  const lines = part(root, 'lines', HTMLElement)
  const wrapButton = part(root, 'wrap', HTMLButtonElement)
  const raw = part(root, 'raw', HTMLButtonElement)
  const copyButton = part(root, 'copy-log', HTMLButtonElement)

  wrapButton.addEventListener('click', () => {
    wrapButton.ariaPressed = String(lines.classList.toggle('wrap'))
  })
  raw.addEventListener('click', () => download().catch(complain))
  copyButton.addEventListener('click', () => copyLog().catch(complain))

  /** A plain link could not carry the token. */
  async function download() {
    raw.disabled = true
    try {
      const url = URL.createObjectURL(await whole())
      element('a', { href: url, download: name() }).click()
      setTimeout(() => URL.revokeObjectURL(url), 60_000)
    } finally {
      raw.disabled = false
    }
  }

  /** What is selected, else the chosen lines, else all. */
  async function copyLog() {
    const selected = selectedIn(lines)
    await copy(selected === '' ? ((await chosen()) ?? (await (await whole()).text())) : selected)
    copyButton.textContent = 'Copied'
    setTimeout(() => {
      copyButton.textContent = 'Copy'
    }, TOLD_MS)
  }

  return {
    /** Tells which lines would be copied. @param {boolean} isSome */
    choose(isSome) {
      copyButton.title = isSome
        ? 'Copy what is selected, or the lines that the address names'
        : 'Copy what is selected, or the whole log'
    },
    /** @param {boolean} isHidden */
    hide(isHidden) {
      raw.hidden = copyButton.hidden = isHidden
    },
  }
}

/** What of an element a person has selected; nothing where that is elsewhere. @param {HTMLElement} within */
function selectedIn(within) {
  const selection = getSelection()
  const node = selection?.anchorNode
  return node && within.contains(node) ? selection.toString() : ''
}
