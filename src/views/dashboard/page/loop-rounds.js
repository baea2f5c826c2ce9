import { element, icon, part } from './dom.js'
import { cost, duration, tokens } from './format.js'
import { roundInFull, roundMs } from './loop-round.js'
import { changedWords, roundWords } from './loop-words.js'
import { complain } from './toasts.js'

/** @import { LoopApi, Round } from './loop-api.js' */

const PAGE = 24
/** Of the newest rounds so many may be different by now; all others have ended. */
const FEW = 3

/**
 * The rounds of a loop as a strip, newest first and page by page; one at a time is opened.
 * @param {HTMLElement} root @param {LoopApi} loops @param {string} name @param {() => number} now
 */
export function createRounds(root, loops, name, now) {
  const strip = part(root, 'strip', HTMLElement)
  const box = part(root, 'round', HTMLElement)
  const newer = part(root, 'newer', HTMLButtonElement)
  const older = part(root, 'older', HTMLButtonElement)
  /** Where the pages begin, up to the one that is shown. @type {(number | null)[]} */
  let begins = [null]
  /** @type {number | null} */
  let next = null
  /** @type {Round[]} */
  let rounds = []
  /** @type {number | null} */
  let opened = null
  let drawn = ''
  let asked = 0
  /** Changed in place, so that a button keeps the focus. @type {Map<number, { row: HTMLElement, button: HTMLButtonElement, text: string }>} */
  const cells = new Map()
  /** What people call the rounds that were seen. @type {Map<number, number>} */
  const iterations = new Map()

  /** @param {number} id */
  function createCell(id) {
    const button = element('button', { type: 'button', 'aria-controls': 'loop-round' })
    button.addEventListener('click', () => {
      opened = opened === id ? null : id
      draw()
    })
    const cell = { row: element('li', {}, button), button, text: '' }
    cells.set(id, cell)
    return cell
  }

  /** @param {Round} round */
  function drawCell(round) {
    const cell = cells.get(round.round_id) ?? createCell(round.round_id)
    const { icon: shape, tone, label } = roundWords(round)
    const facts = [
      duration(roundMs(round, now())),
      `${tokens(round.tokens)} tokens`,
      cost(round.cost_usd),
      changedWords(round),
    ].filter(Boolean)
    const text = [round.iteration, tone, label, ...facts].join(' ')
    cell.button.ariaExpanded = String(opened === round.round_id)
    cell.button.className = `tone-${tone}`
    if (cell.text === text) return cell.row
    cell.text = text
    const lines = facts.map((fact) => element('small', {}, String(fact)))
    cell.button.replaceChildren(
      element('strong', {}, `${round.iteration}`),
      element('span', {}, icon(shape), label),
      ...lines,
    )
    return cell.row
  }

  function draw() {
    const wanted = rounds.map(drawCell)
    for (const id of [...cells.keys()]) if (!rounds.some(({ round_id }) => round_id === id)) cells.delete(id)
    if (
      wanted.length !== strip.children.length ||
      wanted.some((row, index) => row !== strip.children[index])
    ) {
      const { activeElement } = document
      strip.replaceChildren(...wanted)
      if (activeElement instanceof HTMLElement && strip.contains(activeElement)) activeElement.focus()
    }
    part(root, 'no-rounds', HTMLElement).hidden = rounds.length > 0
    newer.disabled = begins.length === 1
    older.disabled = next === null
    drawOpened()
  }

  /** Left as it is while it says the same, so that what is read or marked in it stays. */
  function drawOpened() {
    const round = rounds.find(({ round_id }) => round_id === opened)
    box.hidden = round === undefined
    const same = round ? JSON.stringify(round) : ''
    if (same === drawn) return
    drawn = same
    box.replaceChildren(...(round ? roundInFull(round, now()) : []))
  }

  async function load() {
    asked += 1
    const number = asked
    const page = await loops.rounds(name, PAGE, begins.at(-1) ?? null)
    // Another page was asked for meanwhile.
    if (number === asked) put(page.rounds, page.next_before)
  }

  /** @param {Round[]} page @param {number | null} before where the next page begins */
  function put(page, before) {
    rounds = page
    next = before
    for (const { round_id, iteration } of rounds) iterations.set(round_id, iteration)
    draw()
  }

  /** Each may be long: what has ended, and is here already, is not asked for again. */
  async function refresh() {
    const [newest] = rounds
    if (newest === undefined) return load()
    if (begins.length > 1) return
    asked += 1
    const number = asked
    const page = await loops.rounds(name, FEW, null)
    if (number !== asked) return
    const ids = page.rounds.map(({ round_id }) => round_id)
    if (!ids.includes(newest.round_id)) return load()
    const all = [...page.rounds, ...rounds.filter(({ round_id }) => !ids.includes(round_id))]
    const last = next === null && all.length <= PAGE ? undefined : all.slice(0, PAGE).at(-1)
    put(all.slice(0, PAGE), last?.round_id ?? null)
  }

  older.addEventListener('click', () => {
    if (next === null) return
    begins = [...begins, next]
    load().catch(complain)
  })
  newer.addEventListener('click', () => {
    begins = begins.length > 1 ? begins.slice(0, -1) : begins
    load().catch(complain)
  })

  return {
    refresh,
    /** What people call a round, as far as it was on a page. @param {number} id */
    iterationOf: (id) => iterations.get(id) ?? null,
    /** The run of the round that runs, as far as it is on the page that is shown. */
    liveRun: () => rounds.find(({ ended_at }) => ended_at === null)?.run_id ?? null,
    tick() {
      for (const round of rounds) if (round.ended_at === null) drawCell(round)
    },
  }
}
