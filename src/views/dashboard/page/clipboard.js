import { element } from './dom.js'

/** Takes a text to the clipboard, also over plain HTTP, where pages may not do it the new way. @param {string} text */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const box = element('textarea', { class: 'unseen' })
  box.value = text
  document.body.append(box)
  box.select()
  const isCopied = document.execCommand('copy')
  box.remove()
  if (!isCopied) throw new Error('The browser does not let the page copy.')
}
