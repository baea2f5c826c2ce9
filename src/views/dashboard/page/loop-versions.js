import { element, part } from './dom.js'
import { bytes, firstLine, fullTime, moment } from './format.js'
import { sizeOf } from './loop-size.js'
import { complain, tell } from './toasts.js'

/** @import { LoopApi, MemoryName, MemoryVersion } from './loop-api.js' */
/** @import { About, MemoryUses } from './loop-memory.js' */

/** Each may have 64 KiB. */
const PAGE = 10

/** @type {Readonly<Record<MemoryVersion['by'], string>>} */
const AUTHORS = { person: 'a person', agent: 'the agent', file: 'its file, edited', loop: 'the loop' }

/**
 * What a memory was, newest first, page by page; asked for when it is opened. Each can be restored.
 * @param {HTMLElement} box @param {LoopApi} loops @param {About} about @param {MemoryName} memory @param {MemoryUses} uses
 */
export function createVersions(box, loops, { name, now, iterationOf }, memory, { taken, confirm, permit }) {
  const fold = part(box, 'memory-versions', HTMLDetailsElement)
  const list = part(box, 'memory-list', HTMLElement)
  const more = part(box, 'memory-more', HTMLButtonElement)
  /** A version never changes, so that its row stays. @type {Map<number, HTMLElement>} */
  const rows = new Map()
  /** @type {number | null} */
  let next = null
  /** The memory as it is, and as it was when its versions were asked for. @type {string | null} */
  let told = null
  /** @type {string | null} */
  let shown = null

  /** @param {number} id @param {string} when */
  async function restore(id, when) {
    try {
      taken(await loops.restore(name, id))
      tell(`Restored the ${memory} memory of ${when}.`)
    } catch (error) {
      complain(error)
    }
  }

  /** @param {MemoryVersion} version */
  function createRow({ version_id, text, by, round_id, at }) {
    const when = moment(at, now())
    const iteration = round_id === null ? null : iterationOf(round_id)
    const facts = [AUTHORS[by], ...(iteration === null ? [] : [`round ${iteration}`]), bytes(sizeOf(text))]
    const button = element(
      'button',
      { type: 'button', 'aria-label': `Restore version of ${when}` },
      'Restore',
    )
    button.addEventListener('click', () =>
      confirm(`Restore the ${memory} memory of ${when}?`, () => restore(version_id, when)),
    )
    const about = element(
      'span',
      {},
      element('time', { title: fullTime(at) }, when),
      ` · ${facts.join(' · ')}`,
      element('small', { dir: 'auto' }, lastLine(text)),
    )
    const row = element(
      'li',
      {},
      element(
        'details',
        {},
        element('summary', {}, about),
        element('pre', { dir: 'auto', tabindex: '0' }, text),
      ),
      element('fieldset', { 'data-needs': 'run' }, button),
    )
    rows.set(version_id, row)
    return row
  }

  /** @param {number | null} before where the page begins */
  async function load(before) {
    try {
      const page = await loops.versions(name, memory, PAGE, before)
      const isNext = page.versions.some(({ version_id }) => rows.has(version_id))
      if (before === null && !isNext) rows.clear()
      for (const version of page.versions) if (!rows.has(version.version_id)) createRow(version)
      if (before !== null || !isNext) next = page.next_before
      draw()
    } catch (error) {
      shown = null
      complain(error)
    }
  }

  function draw() {
    // Newer ones have higher numbers.
    const wanted = [...rows].sort(([one], [other]) => other - one).map(([, row]) => row)
    for (const row of [...list.children]) if (!wanted.some((one) => one === row)) row.remove()
    for (const [index, row] of wanted.entries())
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null)
    part(box, 'memory-no-versions', HTMLElement).hidden = rows.size > 0
    more.hidden = next === null
    permit()
  }

  function look() {
    if (!fold.open || shown === told) return
    shown = told
    void load(null)
  }

  fold.addEventListener('toggle', look)
  more.addEventListener('click', () => load(next))

  return {
    /** @param {string} text what the memory is now */
    take(text) {
      told = text
      look()
    },
  }
}

/** Most of what is written is added at the end. @param {string} text */
const lastLine = (text) => (text === '' ? 'empty' : firstLine(text.trim().split('\n').at(-1) ?? '', 80))
