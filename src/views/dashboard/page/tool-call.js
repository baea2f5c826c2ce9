import { element, icon } from './dom.js'
import { firstLine } from './format.js'
import { showAll } from './show-all.js'

/** @import { Entry } from './api.js' */
/** @typedef {Extract<Entry, { kind: 'tool' }>} ToolCall */

/** What of an input tells best what a call is about. */
const TELLING = ['command', 'cmd', 'file_path', 'filePath', 'path', 'pattern', 'query', 'url', 'description']
const SHORT_LENGTH = 160
/** More of a result is shown when it is asked for. */
const MAX_CHARS = 10_000
const LOOKS = /** @type {const} */ ({
  started: ['live', 'live', 'running'],
  done: ['check', 'quiet', 'done'],
  failed: ['cross', 'bad', 'failed'],
})

/** A tool call, folded: what it was called with and what came of it are made when it is opened. @param {ToolCall} call @param {boolean} isOpen */
export function drawnCall({ name, input, output, state }, isOpen) {
  const [shape, tone, word] = LOOKS[state]
  const fields = fieldsOf(input)
  const box = element(
    'details',
    { class: `call ${state}` },
    element(
      'summary',
      {},
      element('span', { class: `tone-${tone}` }, icon(shape)),
      element('span', { class: 'tool' }, name),
      element('code', { class: 'short' }, firstLine(shortOf(input, fields), SHORT_LENGTH)),
      element('span', { class: state === 'done' ? 'unseen' : `outcome tone-${tone}` }, word),
    ),
  )
  const fill = () => {
    if (box.childElementCount > 1) return
    const whole = fields ? fieldsText(fields) : input
    if (whole) box.append(part('Input', whole))
    if (output !== null && output !== '') box.append(part('Result', output))
    else box.append(element('p', { class: 'soft' }, state === 'started' ? 'No result yet.' : 'No output.'))
  }
  box.addEventListener('toggle', fill)
  if (isOpen) {
    box.open = true
    fill()
  }
  return box
}

/** @param {string} title @param {string} text */
function part(title, text) {
  const pre = element('pre', { tabindex: '0' }, text.slice(0, MAX_CHARS))
  const box = element('div', { class: 'io' }, element('p', { class: 'key' }, title), pre)
  const showWhole = () => {
    pre.textContent = text
  }
  if (text.length > MAX_CHARS) box.append(showAll(text, showWhole))
  return box
}

/** The fields of an input that is a JSON object, or a list of some. @param {string | null} input @returns {Record<string, unknown> | null} */
function fieldsOf(input) {
  if (!/^[{[]/.test(input ?? '')) return null
  try {
    return JSON.parse(String(input))
  } catch {
    return null
  }
}

/** @param {string | null} input @param {Record<string, unknown> | null} fields @returns {string} */
function shortOf(input, fields) {
  if (fields === null) return input ?? ''
  if (Array.isArray(fields)) return fields.map((each) => shortOf(null, Object(each))).join(' ')
  const named = TELLING.map((name) => fields[name]).find((value) => value !== undefined)
  return plain(named ?? Object.values(fields).find((value) => typeof value === 'string') ?? '')
}

/** @param {Record<string, unknown>} fields */
function fieldsText(fields) {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${plain(value)}`)
    .join('\n')
}

/** @param {unknown} value */
function plain(value) {
  if (typeof value === 'string') return value
  const isWords = Array.isArray(value) && value.every((word) => typeof word === 'string')
  return isWords ? value.join(' ') : JSON.stringify(value)
}
