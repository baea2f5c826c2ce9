import { ApiError } from './api.js'
import { inColours } from './diff-text.js'
import { element } from './dom.js'
import { createLogBuffer } from './log-buffer.js'
import { createLogView } from './log-view.js'
import { loadMoreStyles } from './more-styles.js'
import { facts } from './run-details.js'
import { left } from './run-left.js'

/** @import { Api, RunDetails } from './api.js' */

/** So much is shown of the end of a check's log, and of the beginning of a diff. */
const MOST_BYTES = 131_072
const MOST_LINES = 1000

/** @type {Readonly<Record<string, (api: Api, run: RunDetails) => Promise<Node[]>>>} */
const CONTENTS = { facts: async (api, run) => facts(run, await left(api, run)), check, changes }

/**
 * Shows what there is of a run in a fold.
 * @param {string} name @param {HTMLElement} body @param {Api} api @param {RunDetails} run
 * @param {() => boolean} isWanted whether it still is this run that is shown
 */
export async function showFold(name, body, api, run, isWanted) {
  await loadMoreStyles()
  const contents = await CONTENTS[name]?.(api, run)
  if (!contents || !isWanted()) return
  const before = body.querySelector('.grows')
  const isAtEnd = !before || before.scrollHeight - before.scrollTop - before.clientHeight < 4
  body.replaceChildren(...contents)
  const after = body.querySelector('.grows')
  if (!after) return
  after.scrollTop = isAtEnd ? after.scrollHeight : before.scrollTop
  // On a small screen it is as high as it is.
  if (!before) after.scrollIntoView({ block: 'end' })
}

/** The command of a check, and the end of its log. @param {Api} api @param {RunDetails} run */
async function check(api, run) {
  const command = element('p', {}, element('code', {}, run.verify ?? ''))
  try {
    const { text, before } = await api.verifyLog(run.run_id, MOST_BYTES)
    if (text === '') return [command, note('It wrote nothing.')]
    const buffer = createLogBuffer(1, MOST_LINES)
    buffer.push(text)
    const isCut = before > 0 || buffer.first > 0
    const left = isCut ? [note('This is the end of it; “looper logs --verify-log” shows all.')] : []
    return [command, ...left, terminal(buffer, 'Log of the check', 'lines wrap grows')]
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error
    return [command, note(run.outcome === null ? 'It has not begun.' : 'There is no log of it.')]
  }
}

/** Its diff, or the beginning of it. @param {Api} api @param {RunDetails} run */
async function changes(api, run) {
  try {
    const { text, isCut } = await beginningOf(await api.diff(run.run_id))
    if (text === '') return [note('No file differs.')]
    const lines = inColours(text, MOST_LINES)
    const buffer = createLogBuffer(1, MOST_LINES)
    buffer.push(lines.text)
    const shown = terminal(buffer, 'Diff', 'lines wrap')
    if (!isCut && !lines.isCut) return [shown]
    return [shown, note('This is the beginning of it; “looper diff” shows all.')]
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error
    return [note('There is no diff any more: it was removed with the log.')]
  }
}

/** Of a text that comes in pieces: as much as is shown, and no more is read. @param {ReadableStream<Uint8Array<ArrayBuffer>> | null} pieces */
async function beginningOf(pieces) {
  const reader = pieces?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { value } = (await reader?.read()) ?? {}
    if (value === undefined) return { text, isCut: false }
    text += value
    if (text.length <= MOST_BYTES) continue
    await reader?.cancel()
    return { text: text.slice(0, MOST_BYTES), isCut: true }
  }
}

/** @param {string} text */
const note = (text) => element('p', { class: 'soft' }, text)

/** What a terminal would show. @param {import('./log-buffer.js').LogBuffer} buffer @param {string} label @param {string} kind */
function terminal(buffer, label, kind) {
  const content = element('div', {})
  const view = createLogView(
    content,
    () => '#',
    () => false,
    () => '',
  )
  view.draw(buffer, true)
  return element('div', { class: kind, tabindex: '0', role: 'region', 'aria-label': label }, content)
}
